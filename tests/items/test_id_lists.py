"""Lists of users and items from files and pipes."""

import os
import threading
from pathlib import Path

import pytest

from visrec_cli.errors import InputError
from visrec_cli.items.id_lists import item_ids, user_ids


def piped(folder: Path, text: str) -> Path:
    """A pipe that holds the text once, as ``<(…)`` makes it."""
    os.mkfifo(folder / "pipe")
    threading.Thread(target=lambda: (folder / "pipe").write_text(text), daemon=True).start()
    return folder / "pipe"


def test_a_list_and_a_table_name_the_same(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\ufeffu1\r\n\nu2\nu1\n")
    (tmp_path / "table.csv").write_text("user_id,age\nu1,3\nu2,4\n")
    assert user_ids(tmp_path / "list.txt") == user_ids(tmp_path / "table.csv") == ["u1", "u2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    assert item_ids(piped(tmp_path, "a\nb\n")) == ["a", "b"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_table_in_a_pipe_is_refused_for_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a table of users cannot come through a pipe"):
        user_ids(piped(tmp_path, "user_id,age\nu1,3\n"))

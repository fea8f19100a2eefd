"""What other libraries write, through real processes: works, or is refused in these words."""

from pathlib import Path

import pyarrow.ipc
import pytest

from tests.conftest import Run
from tests.tables.other_libraries import REFUSED, WORKS


@pytest.mark.parametrize("kind", WORKS)
def test_vectors_are_searched_and_fused(tmp_path: Path, visrec: Run, kind: str) -> None:
    path = WORKS[kind](tmp_path)
    found = visrec("recommend", path, "--item", "a", "-k", 1, "--format", "csv")
    assert found.returncode == 0, found.stderr.decode()
    assert found.stdout.decode().splitlines()[1].split(",")[4] == "c"
    assert ("holds vectors of int8, taken as they are" in found.stderr.decode()) == ("bytes" in kind or "int8" in kind)
    fused = visrec("fuse", path, "-o", "fused.arrow")
    assert fused.returncode == 0, fused.stderr.decode()
    table = pyarrow.ipc.open_file(tmp_path / "fused.arrow").read_all()
    assert table["embedding"].null_count == table.num_rows - 3


@pytest.mark.parametrize("kind", REFUSED)
def test_vectors_that_are_none_are_refused_in_these_words(tmp_path: Path, visrec: Run, kind: str) -> None:
    make, words = REFUSED[kind]
    done = visrec("recommend", make(tmp_path), "--item", "a", "--format", "csv")
    assert done.returncode == 65
    assert words in done.stderr.decode()


@pytest.mark.parametrize("kind", ["pyarrow: tensor of bytes", "polars: List, Arrow", "pandas: lists, JSON lines"])
def test_a_model_learns_from_them(tmp_path: Path, visrec: Run, kind: str) -> None:
    clicks = [f"u{user},{item}" for user, items in enumerate(("ab", "ac", "bc", "cd")) for item in items]
    (tmp_path / "clicks.csv").write_text("\n".join(["user_id,item_id", *clicks]) + "\n")
    line = ["train-cf", "clicks.csv", "--model", "content-knn", "--items", WORKS[kind](tmp_path), "-o", "m.arrow"]
    done = visrec(*line)
    assert done.returncode == 0, done.stderr.decode()

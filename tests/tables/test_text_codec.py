"""Lists of ids and questions are text as tables are: in UTF-8, or UTF-16 with its mark, and nothing else."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from visrec_cli.errors import InputError
from visrec_cli.items.id_lists import item_ids, user_ids
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.text_codec import lines_of

LINES = "a\u2028b\r\n\n u\x85v \rlast"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_only_line_ends_end_lines(encoding: str) -> None:
    assert lines_of(LINES.encode(encoding), "t") == ["a\u2028b", "", "u\x85v", "last"]
    assert lines_of((LINES + "\n").encode(encoding), "t") == lines_of(LINES.encode(encoding), "t")
    assert lines_of("".encode(encoding), "t") == []


@pytest.mark.parametrize(
    ("data", "says", "fix"),
    [
        (gzip.compress(b"u1\n", mtime=0)[:-3], "the compressed file was cut", "make the file again"),
        (b"u1\nu\xff\n", "line 2 is not UTF-8", "iconv -f latin1 -t utf-8 {} > list.txt"),
        (b"<html>404</html>", "is a web page", "download it again"),
        (b"u1\0u2", "is not a table that visrec knows", "CSV"),
    ],
)
def test_what_is_no_list_is_named_with_what_to_do(tmp_path: Path, data: bytes, says: str, fix: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(data)
    for read in (user_ids, item_ids):
        with pytest.raises(InputError, match=says) as refused:
            read(str(path))
        assert fix.format(path) in str(refused.value.fix)


def test_a_list_with_a_header_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("user_id,n\nu1,2\n".encode("utf-16"))
    assert user_ids(str(path)) == ["u1"]


def test_ids_of_a_matrix_that_another_tool_wrote(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(2, dtype=np.float32))
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "ids.txt").write_bytes("é\r\nb\r\n".encode(encoding))
        read = open_table(str(tmp_path / "m.npy"), ids=tmp_path / "ids.txt").read_all()
        assert read["item_id"].to_pylist() == ["é", "b"]
    (tmp_path / "m.ids.txt").write_bytes(gzip.compress(b"a\nb\n"))
    assert open_table(str(tmp_path / "m.npy")).read_all()["item_id"].to_pylist() == ["a", "b"]

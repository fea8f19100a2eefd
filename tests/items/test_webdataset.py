"""Tars of samples, through real processes: files of one stem are one item; tars of pictures alone stay as they were."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import COLOURS, Run, draw, saved

RED, BLUE, GREEN = (saved(draw("disc", COLOURS[name])) for name in ("red", "blue", "green"))
SAMPLES: dict[str, bytes] = {
    "000.png": RED,
    "000.txt": b"a red disc\n",
    "000.json": json.dumps({"url": "https://example.org/0", "width": 96, "text": "said twice", "tags": ["a"]}).encode(),
    "000.cls": b"3",
    "001.left.png": RED,
    "001.right.png": BLUE,
    "001.txt": "zwei Bücher".encode(),
    "001.json": b'{"url": null}',
    "002.png": GREEN,
    "002.json": b'{"url": ',
    "002.txt": b"\xff\xfe\xfa",
    "003.png": RED[:100],
    "003.txt": b"broken",
    "README.txt": b"no sample",
}


def pack(path: Path, files: dict[str, bytes], mode: str = "w") -> None:
    """A tar as WebDataset writes it."""
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def read(path: Path) -> pa.Table:
    """The table in an Arrow file."""
    with pa.memory_map(str(path)) as mapped:
        return pa.ipc.open_file(mapped).read_all()


def by_id(table: pa.Table, column: str) -> dict[str, Any]:
    """A column by item."""
    return dict(zip(table["item_id"].to_pylist(), table[column].to_pylist(), strict=True))


@pytest.mark.parametrize("name", ["shard.tar", "sub/shard.tar.gz"])
def test_files_of_one_stem_are_one_item(tmp_path: Path, visrec: Run, name: str) -> None:
    (tmp_path / "sub").mkdir()
    pack(tmp_path / name, SAMPLES, "w:gz" if name.endswith("gz") else "w")
    direct = visrec("embed-images", name, "-e", "colour", "--no-cache", "-o", "d.arrow", "--rejects", "r.csv")
    made = visrec("preprocess", name)
    piped = visrec("embed-images", "-e", "colour", "--no-cache", "-o", "p.arrow", stdin=made.stdout)
    for done in (direct, made, piped):
        assert done.returncode == 0, done.stderr.decode()
    assert f"{name} is a WebDataset: files whose names are the same up to the first dot are an item, here 4 items" in (
        made.stderr.decode()
    )
    assert "1 .txt" in made.stderr.decode()  # README
    direct_table, piped_table = read(tmp_path / "d.arrow"), read(tmp_path / "p.arrow")
    for table in (direct_table, piped_table):
        assert table["item_id"].to_pylist() == ["000", "001", "002", "003"]
        assert by_id(table, "text") == {"000": "a red disc", "001": "zwei Bücher", "002": None, "003": "broken"}
        assert by_id(table, "class") == {"000": 3, "001": None, "002": None, "003": None}
        assert by_id(table, "url")["000"] == "https://example.org/0"
        assert by_id(table, "json_text")["000"] == "said twice"
        assert by_id(table, "tags")["000"] == ["a"]
        vectors = by_id(table, "image_embedding")
        assert vectors["003"] is None
        assert 0.5 < np.dot(vectors["000"], vectors["001"]) < 0.9999  # with the mean of red and blue
    assert direct_table["image_embedding"].equals(piped_table["image_embedding"])
    rejects = (tmp_path / "r.csv").read_text()
    for path, reason in (("002.json", "it is not JSON"), ("002.txt", "not UTF-8 text"), ("003.png", "truncated PNG")):
        assert any(path in line and reason in line for line in rejects.splitlines()), rejects


def test_words_are_embedded_and_a_table_of_items_is_joined_as_before(tmp_path: Path, visrec: Run) -> None:
    pack(tmp_path / "s.tar", {f"a/{name}": content for name, content in SAMPLES.items() if not name.startswith("001")})
    done = visrec("embed-text", "s.tar", "--columns", "text", "-o", "t.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert read(tmp_path / "t.arrow")["item_id"].to_pylist() == ["a/000", "a/002", "a/003"]
    (tmp_path / "items.csv").write_text("item_id,title\na/000,mine\n")
    done = visrec("preprocess", "s.tar", "--items", "items.csv", "-o", "x.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert "WebDataset" not in done.stderr.decode()
    assert ".txt beside pictures" in done.stderr.decode()
    assert read(tmp_path / "x.arrow").column_names[-1] == "title"


def test_tars_of_pictures_alone_stay_lists_of_pictures(tmp_path: Path, visrec: Run) -> None:
    pack(tmp_path / "s.tar", {"a.b.png": RED, "a.c.png": BLUE, "README.txt": b""})
    done = visrec("preprocess", "s.tar", "-o", "x.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert "WebDataset" not in done.stderr.decode()
    assert read(tmp_path / "x.arrow")["item_id"].to_pylist() == ["a.b", "a.c"]


def test_names_that_leave_the_archive_stay_names(tmp_path: Path, visrec: Run) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    pack(tmp_path / "s.tar", {"../secret.png": RED, "../secret.txt": b"within", "/abs.png": BLUE, "/abs.json": b"{}"})
    done = visrec("preprocess", "s.tar", "-o", "x.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert set(read(tmp_path / "x.arrow")["text"].to_pylist()) == {"within", None}


def test_json_of_different_types_is_text(tmp_path: Path, visrec: Run) -> None:
    pack(tmp_path / "s.tar", {"a.png": RED, "a.json": b'{"x": {"y": 1}}', "b.png": BLUE, "b.json": b'{"x": [1]}'})
    done = visrec("preprocess", "s.tar", "-o", "x.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert "what is nested in its JSON becomes text" in done.stderr.decode()
    assert read(tmp_path / "x.arrow")["x"].to_pylist() == ['{"y": 1}', "[1]"]

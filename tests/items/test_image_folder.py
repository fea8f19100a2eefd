"""Metadata beside pictures, through real processes: joined by file name, wherever a folder is read."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.conftest import COLOURS, Run, draw

ROWS: list[dict[str, Any]] = [
    {"file_name": "red.png", "title": "red", "price": 3},
    {"file_name": "sub/green.png", "title": "green", "price": 4.5},
    {"file_name": "broken.png", "title": "broken"},
    {"file_name": "../outside.png", "title": "outside"},
    {"file_name": "gone.png", "title": "gone"},
    {"file_name": "red.png", "title": "again"},
    {"title": "nameless"},
]
REASONS = [
    "the path leaves the folder", "no such picture in the folder", "a second row for this picture", "no file_name"
]  # fmt: skip


def read(path: Path) -> pa.Table:
    """The table in an Arrow file."""
    with pa.memory_map(str(path)) as mapped:
        return pa.ipc.open_file(mapped).read_all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures that are whole, one that is not, one outside, and rows for some."""
    (tmp_path / "imgs" / "sub").mkdir(parents=True)
    for name, colour in (("red", "red"), ("sub/green", "green"), ("plain", "blue"), ("../outside", "yellow")):
        draw("disc", COLOURS[colour]).save(tmp_path / "imgs" / f"{name}.png")
    (tmp_path / "imgs" / "broken.png").write_bytes((tmp_path / "imgs" / "red.png").read_bytes()[:100])
    (tmp_path / "imgs" / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


@pytest.mark.parametrize("source", ["imgs", "./imgs", "imgs.zip"])
@pytest.mark.parametrize("verb", [["preprocess"], ["embed-images", "--encoder", "colour"]])
def test_its_columns_join_by_file_name(folder: Path, visrec: Run, verb: list[str], source: str) -> None:
    if source == "imgs.zip":
        with zipfile.ZipFile(folder / source, "w") as packed:
            for path in sorted((folder / "imgs").rglob("*.*")):
                packed.write(path, path.relative_to(folder / "imgs"))
    done = visrec(verb[0], source, *verb[1:], "-o", "x.arrow", "--rejects", "r.csv")
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert "metadata.jsonl describes 3 of 4 pictures: title, price" in said
    assert "1 picture that nothing describes" in said
    table = read(folder / "x.arrow")
    assert table["item_id"].to_pylist() == ["broken", "plain", "red", "sub/green"]
    assert table["title"].to_pylist() == ["broken", None, "red", "green"]
    assert table["price"].to_pylist() == [None, None, 3.0, 4.5]
    rejects = (folder / "r.csv").read_text()
    assert [reason in rejects for reason in REASONS] == [True] * 4
    assert "outside.png" not in "".join(map(str, table["image_path"].to_pylist()))


def test_csv_with_ids_of_its_own(folder: Path, visrec: Run) -> None:
    (folder / "imgs" / "metadata.jsonl").unlink()
    (folder / "imgs" / "sub" / "metadata.csv").write_text("file_name,item_id,title\ngreen.png,007,Grün\n")
    assert visrec("preprocess", "imgs", "-o", "x.arrow").returncode == 0
    assert read(folder / "x.arrow").select(["item_id", "title"]).to_pylist()[0] == {"item_id": "007", "title": "Grün"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("file_name,title\nelse.png,a\n", "not one row of imgs/metadata.csv names a picture beside it"),
        ('file_name,title\n"red.png,a\n', None),
        ("name,title\nred.png,a\n", None),
        ('[{"file_name": ["red.png"]}]', "column 'file_name' is list<"),
    ],
)
def test_files_that_describe_nothing(folder: Path, visrec: Run, content: str, words: str | None) -> None:
    (folder / "imgs" / "metadata.jsonl").unlink()
    (folder / "imgs" / "metadata.csv").write_text(content)
    done = visrec("preprocess", "imgs", "-o", "x.arrow")
    assert "a bug" not in done.stderr.decode()
    assert done.returncode == (65 if words else done.returncode)
    assert (words or "imgs/metadata.csv") in done.stderr.decode()


def test_beside_a_table_of_items_it_is_passed_over(folder: Path, visrec: Run) -> None:
    (folder / "items.csv").write_text("item_id,title\nred,mine\n")
    done = visrec("preprocess", "imgs", "--items", "items.csv", "-o", "x.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert "left out: 1 .jsonl" in done.stderr.decode()
    assert read(folder / "x.arrow")["title"].to_pylist() == ["mine"]


def test_its_columns_say_nothing_of_where_pictures_are(folder: Path, visrec: Run) -> None:
    row = {"file_name": "red.png", "image_path": "outside.png", "image_paths": ["outside.png"]}
    (folder / "imgs" / "metadata.jsonl").write_text(json.dumps(row))
    done = visrec("embed-images", "imgs", "--encoder", "colour", "-o", "x.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert "describes 1 of 4 pictures: metadata_image_path, metadata_image_paths" in done.stderr.decode()
    assert read(folder / "x.arrow")["image_path"].to_pylist()[2] == "imgs/red.png"
    assert "3 pictures" in done.stderr.decode()

"""Where a table's pictures are looked for."""

from pathlib import Path

import pyarrow as pa
import pytest

from tests.conftest import draw
from visrec_cli.items.pictures import PictureColumns, paths_from_here


@pytest.mark.parametrize(("column", "expected"), [("image_path", "here"), ("image", "beside"), ("file", "beside")])
def test_our_own_paths_count_from_here_and_anybody_s_from_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, expected: str
) -> None:
    for folder in ("here", "beside"):
        (tmp_path / folder).mkdir()
        draw("disc", (1, 2, 3)).save(tmp_path / folder / "a.png")
    monkeypatch.chdir(tmp_path / "here")
    table = pa.table({"item_id": ["a"], column: ["a.png"]})
    found = next(PictureColumns(table.schema, folder=tmp_path / "beside").rows(table.to_batches()[0]))
    assert Path(str(found.path)).resolve().parent.name == expected


def test_text_in_a_column_called_image_does_not_hide_image_path() -> None:
    table = pa.table({"item_id": ["a"], "image": ["old/a.png"], "image_path": ["new/a.png"]})
    found = next(PictureColumns(table.schema).rows(table.to_batches()[0]))
    assert (found.path, found.data) == ("new/a.png", None)


def test_a_usual_name_is_known_in_any_case() -> None:
    table = pa.table({"item_id": ["a"], "Image": ["a.png"]})
    assert next(PictureColumns(table.schema).rows(table.to_batches()[0])).path == "a.png"


def test_paths_that_count_from_the_table_are_made_to_work_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    draw("disc", (1, 2, 3)).save(tmp_path / "shop" / "a.png")
    monkeypatch.chdir(tmp_path)
    written = ["a.png", None, "", "https://example.org/b.png", str(tmp_path / "c.png"), "gone.png"]
    table = pa.table({"item_id": list("abcdef"), "image": pa.array(written)})
    moved = paths_from_here(table, Path("shop"))
    assert moved["image"].to_pylist() == ["shop/a.png", None, "", *written[3:5], "shop/gone.png"]
    assert moved.schema == table.schema
    assert paths_from_here(moved, Path("shop")).equals(moved)  # they work already


def test_tables_without_pictures_stay_as_they_are(tmp_path: Path) -> None:
    for column in ("title", "image"):
        table = pa.table({"item_id": ["a"], column: ["a.png"]})
        assert paths_from_here(table, tmp_path) is table  # of no picture that is anywhere, nothing can be said

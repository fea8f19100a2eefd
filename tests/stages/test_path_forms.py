"""Tables made on one system, pictures kept on another: joined, or told in what alone they differ."""

import os
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.interactions import interactions
from visrec_cli.stages.preprocess import preprocess
from visrec_cli.stages.recommend.items import recommend

NFC, NFD = "caf\xe9", "cafe\u0301"


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 40), (9, 9, 99)).save(path)
    return path


WRITTEN = {
    "as it is": "im/a.png",
    "by Windows": "im\\a.png",
    "by Windows, below": ".\\im\\a.png",
    "as an address": "file://{folder}/im/a.png",
    "as an address of this machine": "file://localhost{folder}/im/a.png",
    "as an address with signs": "FILE://{folder}/im/%61.png",
}


@pytest.mark.skipif(os.sep != "/", reason="there \\ is a separator")
@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("named", ["image_path", "file"])
def test_a_path_is_found_however_it_is_written(tmp_path: Path, way: str, named: str, monkeypatch) -> None:
    picture(tmp_path / "im" / "a.png")
    (tmp_path / "t.csv").write_text(f"item_id,{named}\nx,{WRITTEN[way].format(folder=tmp_path)}\n")
    for folder in (tmp_path, tmp_path.parent):  # beside the table, and from elsewhere
        monkeypatch.chdir(folder)
        rows = preprocess(tmp_path / "t.csv").read_all()
        assert rows["width"].to_pylist() == [40]
        vectors = embed_images(tmp_path / "t.csv", encoder="colour").read_all()
        assert vectors["image_embedding"].null_count == 0


@pytest.mark.skipif(os.sep != "/", reason="there \\ is a separator")
def test_a_name_with_a_backslash_is_itself_first(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "im\\a.png")
    Image.new("RGB", (50, 50)).save(picture(tmp_path / "im" / "a.png"))
    table = pa.table({"item_id": ["x"], "image_path": ["im\\a.png"]})
    assert preprocess(table).read_all()["width"].to_pylist() == [40]


@pytest.mark.parametrize(
    ("path", "says"), [("im\\no.png", "is no separator here"), ("C:\\im\\a.png", "a path of Windows, with its drive")]
)
@pytest.mark.skipif(os.sep != "/", reason="there \\ is a separator")
def test_what_is_not_there_is_told_with_how_it_is_written(tmp_path: Path, path: str, says: str) -> None:
    report = Report()
    with pytest.raises(InputError, match="no such file"):
        preprocess(pa.table({"item_id": ["x"], "image_path": [path]}), report=report).read_all()
    assert says in report.rejects[0].reason


@pytest.mark.parametrize(("file", "id"), [(NFD, NFC), (NFC, NFD)])
def test_letters_join_whatever_their_form(tmp_path: Path, file: str, id: str, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "im" / f"{file}.png")
    report = Report()
    items = pa.table({"item_id": [id, "x"], "title": ["Coffee", "y"]})
    rows = preprocess("im", items=items, report=report).read_all()
    assert rows["item_id"].to_pylist() == [id, "x"]
    assert rows["width"].to_pylist() == [40, None]
    assert any("1 picture joined" in warning and "Unicode form" in warning for warning in report.warnings)
    listed = pa.table({"item_id": ["x"], "image_path": [f"im/{id}.png"]})
    assert preprocess(listed).read_all()["width"].to_pylist() == [40]


def test_two_pictures_that_look_alike_are_not_guessed_between(tmp_path: Path) -> None:
    picture(tmp_path / "im" / f"{NFD}.png")
    picture(tmp_path / "im" / f"{NFC}.png")
    report = Report()
    rows = preprocess(tmp_path / "im", items=pa.table({"item_id": [NFC], "n": [1]}), report=report).read_all()
    assert rows["image_path"].to_pylist() == [str(tmp_path / "im" / f"{NFC}.png")]
    assert report.counts["pictures without item, left out"] == 1


def test_ids_that_differ_in_form_alone_are_told_so() -> None:
    shop = pa.table({"item_id": [NFD, "x"], "title": ["Coffee", "y"]})
    log = pa.table({"user_id": ["u", "v"], "item_id": [NFC, NFC]})
    with pytest.raises(InputError) as refused:
        interactions(log, items=shop).read_all()
    assert "Unicode form" in str(refused.value.fix)
    vectors = pa.array([[1.0, 0.0], [0.0, 1.0]], pa.list_(pa.float32(), 2))
    with pytest.raises(UsageError) as unknown:
        recommend(shop.append_column("image_embedding", vectors), items=[NFC])
    assert "the same letters in another Unicode form" in str(unknown.value.fix)

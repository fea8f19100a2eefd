"""Queries by picture and by sentence, through encoders that are fakes with a known truth, and once the real one."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tests.contracts.index_suite import unit
from visrec_cli.encoders.base import ImageEncoder, TextEncoder
from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items import recommend
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
PICTURES = Space("lite0", 3, True)
TEXTS = Space("minilm", 3, True, kind="text")
WORDS = {"red": RED, "green": GREEN, "blue": BLUE}


class Seen(ImageEncoder):
    """A picture's vector is its mean colour."""

    spec = "lite0"

    def __init__(self, space: Space) -> None:
        self.space = space

    def prepare(self, picture: Image.Image) -> np.ndarray:
        return np.asarray(picture, np.float64).mean(axis=(0, 1))

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        colours = np.array(batch)
        return (colours / np.maximum(np.linalg.norm(colours, axis=1, keepdims=True), 1)).astype(np.float32)


class Understood(TextEncoder):
    """A sentence's vector is the colour that it names."""

    spec, token_limit = "minilm", 256

    def __init__(self, space: Space) -> None:
        self.space = space

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> np.ndarray:
        return unit(np.array([WORDS[text.split()[0]] for text in texts], np.float64))

    def cut(self, texts: Sequence[str]) -> list[bool]:
        return [False] * len(texts)


@pytest.fixture(autouse=True)
def _fake_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    from visrec_cli.stages.recommend.items import query_pictures, query_texts

    monkeypatch.setattr(query_pictures, "picture_encoder", Seen)
    monkeypatch.setattr(query_texts, "text_encoder", Understood)


def picture(colour: tuple[int, int, int], path: Path | None = None) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(raw, "PNG")
    if path is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw.getvalue())
    return raw.getvalue()


def items(*, space: Space = PICTURES, name: str = "image_embedding") -> pa.Table:
    """Three shades of each of three colours: r0 r1 r2 g0 g1 g2 b0 b1 b2; shade 0 is pure."""
    ids = [f"{colour}{i}" for colour in "rgb" for i in range(3)]
    centres = np.array([np.roll(shade, i) for i in range(3) for shade in ((255, 0, 0), (255, 70, 0), (255, 0, 100))])
    schema = pa.schema([("item_id", pa.string()), space.field(name)])
    return pa.table([pa.array(ids), column_of(unit(centres.astype(np.float64)))], schema=schema)


def both() -> pa.Table:
    """Pictures as above; the text of every item says the next colour, so that the two sides can be told apart."""
    words = unit(np.repeat(np.array([GREEN, BLUE, RED], np.float64), 3, axis=0))
    return fuse(items().append_column(TEXTS.field("text_embedding"), column_of(words))).read_all()


def ask(table: Any, **asked: Any) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = recommend(table, **asked).read_all().to_pydict()
    return columns


def test_a_picture_finds_its_colour(tmp_path: Path) -> None:
    picture((60, 255, 60), tmp_path / "query.png")
    found = ask(items(), images=[tmp_path / "query.png"], k=3)
    assert sorted(found["item_id"]) == ["g0", "g1", "g2"]
    assert set(found["query_kind"]) == {"image"}
    assert set(found["query_label"]) == {"query.png"}
    assert set(found["query_image_path"]) == set(found["query_id"]) == {str(tmp_path / "query.png")}
    assert all(why.startswith("picture ") for why in found["why"])


def test_the_item_that_the_picture_shows_is_named_and_not_listed() -> None:
    report = Report()
    found = ask(items(), images=[picture(GREEN)], k=2, report=report)
    assert "g0" not in found["item_id"]
    assert report.warnings == ["picture shows item 'g0' itself, or nearly; --keep-duplicates lists it too"]
    assert ask(items(), images=[picture(GREEN)], k=2, keep_duplicates=True)["item_id"][0] == "g0"


def test_a_folder_is_one_query_per_picture(tmp_path: Path) -> None:
    picture(BLUE, tmp_path / "asked" / "b.png")
    picture(RED, tmp_path / "asked" / "a.png")
    found = ask(items(), images=[tmp_path / "asked"], k=1, keep_duplicates=True)
    assert found["query_label"] == ["a.png", "b.png"]
    assert [item[0] for item in found["item_id"]] == ["r", "b"]


def test_bytes_stdin_and_pil_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(picture(BLUE))))
    found = ask(items(), images=["-", picture(RED), Image.new("L", (4, 4), 128)], k=1, keep_duplicates=True)
    assert found["query_id"] == ["stdin", "picture", "picture"]
    assert found["query_image_path"] == [None] * 3
    assert [item[0] for item in found["item_id"][:2]] == ["b", "r"]


def test_an_empty_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(InputError, match="stdin is empty"):
        recommend(items(), images=["-"])


def test_stdin_cannot_be_two_things() -> None:
    with pytest.raises(UsageError, match="both the table and the picture"):
        recommend("-", images=["-"])


def test_one_broken_picture_is_an_error_and_one_of_many_a_reject(tmp_path: Path) -> None:
    picture(BLUE, tmp_path / "asked" / "b.png")
    broken = tmp_path / "asked" / "a.png"
    broken.write_bytes(picture(RED)[:40])
    with pytest.raises(InputError, match=r"a\.png cannot be used"):
        recommend(items(), images=[broken])
    report = Report()
    assert len(set(ask(items(), images=[tmp_path / "asked"], report=report)["query_id"])) == 1
    assert [(reject.stage, reject.path) for reject in report.rejects] == [("recommend", str(broken))]
    with pytest.raises(InputError, match="none of the 2 query pictures"):
        recommend(items(), images=[broken, broken])


def test_a_picture_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"nope\.jpg"):
        recommend(items(), images=[tmp_path / "nope.jpg"])


def test_a_sentence_where_the_space_is_of_texts() -> None:
    found = ask(items(space=TEXTS, name="text_embedding"), texts=["blue dress"], k=3)
    assert sorted(found["item_id"]) == ["b0", "b1", "b2"]
    assert set(found["query_kind"]) == {"text"}
    assert set(found["query_id"]) == set(found["query_label"]) == {"blue dress"}


def test_a_joint_space_takes_both() -> None:
    joint = items(space=Space("st:clip", 3, True, kind="joint"))
    assert ask(joint, texts=["blue"], k=1)["item_id"] == ["b0"]
    assert ask(joint, images=[picture((255, 40, 50))], k=1)["item_id"][0][0] == "r"


def test_a_fused_space_is_entered_through_the_side_that_is_asked() -> None:
    by_picture = ask(both(), images=[picture(RED)], k=2)
    by_text = ask(both(), texts=["red shirt"], k=3)
    assert {item[0] for item in by_picture["item_id"]} == {"r"}
    assert {item[0] for item in by_text["item_id"]} == {"b"}  # the items whose text says red
    assert all(why.startswith("picture ") and "text" not in why for why in by_picture["why"])
    assert all(why.startswith("text ") and "picture" not in why for why in by_text["why"])


def test_the_shares_of_a_fused_item_sum_to_its_score() -> None:
    found = ask(both(), items=["r1"], k=8, keep_duplicates=True)
    for why, score in zip(found["why"], found["score"], strict=True):
        assert sum(float(part.split()[1]) for part in why.split(" · ")) == pytest.approx(score, abs=0.011)


def test_words_where_there_is_no_text_side() -> None:
    with pytest.raises(UsageError, match="holds no texts, so --text cannot be compared") as caught:
        recommend(items(), texts=["red"])
    assert "embed-text" in str(caught.value.fix)
    assert "st:clip-ViT-B-32" in str(caught.value.fix)


def test_pictures_where_there_is_no_picture_side() -> None:
    with pytest.raises(UsageError, match="holds no pictures, so --image cannot be compared"):
        recommend(items(space=TEXTS), images=[picture(RED)])


def test_a_column_that_does_not_say_what_made_it() -> None:
    anonymous = items().cast(pa.schema([("item_id", pa.string()), ("image_embedding", pa.list_(pa.float32(), 3))]))
    anonymous = anonymous.replace_schema_metadata(None)
    bare = pa.table({"item_id": anonymous["item_id"], "image_embedding": anonymous["image_embedding"]})
    for asked in ({"images": [picture(RED)]}, {"texts": ["red"]}):
        with pytest.raises(InputError, match="does not record its encoder"):
            recommend(bare, **asked)
    assert len(ask(bare, items=["r0"], k=2)["item_id"]) == 2  # what needs no encoder needs no space


def test_a_column_that_no_longer_has_the_dimension_of_its_space() -> None:
    with pytest.raises(InputError, match=r"'image_embedding' .*dimension: it says 3 numbers, and the column has 4"):
        recommend(items_of_width_4(), images=[picture(RED)])


def items_of_width_4() -> pa.Table:
    field = pa.field("image_embedding", pa.list_(pa.float32(), 4), metadata=PICTURES.field("x").metadata)
    schema = pa.schema([("item_id", pa.string()), field])
    return pa.table([pa.array(["a", "b"]), column_of(np.eye(2, 4, dtype=np.float32))], schema=schema)


def test_mixed_queries_of_all_kinds() -> None:
    found = ask(both(), items=["g1"], images=[picture(RED)], texts=["red"], like=["b1"], mix=True, k=4)
    assert set(found["query_id"]) == {"g1 + picture + red + +b1"}
    assert set(found["query_kind"]) == {"mixed"}
    assert set(found["because_item_id"]) == {"b1"}
    reasons = " · ".join(found["why"])
    assert all(part in reasons for part in ("item g1 ", "picture picture ", "text 'red' ", "likes "))
    separate = ask(both(), items=["g1"], images=[picture(RED)], texts=["red"], like=["b1"], k=1)
    assert separate["query_kind"] == ["item", "image", "text", "mixed"]


def test_a_query_with_one_side_is_compared_by_that_side_alone() -> None:
    """Or else the item without a text would win over one that looks more alike."""
    table = both()
    texts = table["text_embedding"].to_pylist()
    at = table["item_id"].to_pylist().index("g2")
    lacking = [None if row == at else vector for row, vector in enumerate(texts)]
    field = TEXTS.field("text_embedding")
    table = table.select(["item_id", "image_embedding"]).append_column(field, pa.array(lacking, field.type))
    table = fuse(table).read_all()
    asked = {"images": [picture((255, 120, 0))], "k": 9, "keep_duplicates": True}
    alone = ask(items(), **asked)
    assert ask(table, **asked)["item_id"] == alone["item_id"]
    np.testing.assert_allclose(ask(table, **asked)["score"], alone["score"], atol=1e-6)
    assert ask(table, **asked)["why"] == alone["why"]
    of_lacking = ask(table, items=["g2"], k=8, keep_duplicates=True)
    assert of_lacking["item_id"] == ask(items(), items=["g2"], k=8, keep_duplicates=True)["item_id"]
    assert "g2" not in ask(table, texts=["red"], k=9)["item_id"]  # it has no text to compare


class TestNearDuplicatesInAFusedSpace:
    """Told by the pictures alone: in one shop all dresses are called "dress"."""

    def shop(self, cosine: float) -> pa.Table:
        """Two items of one text whose pictures have this cosine; in the fused space it is (cosine + 1) / 2."""
        angle = np.arccos(cosine)
        pictures = unit(np.array([[1, 0, 0], [np.cos(angle), np.sin(angle), 0], [0, 0, 1]]))
        schema = pa.schema([("item_id", pa.string()), PICTURES.field("image_embedding")])
        table = pa.table([pa.array(["a", "b", "c"]), column_of(pictures)], schema=schema)
        return table.append_column(TEXTS.field("text_embedding"), column_of(np.tile(np.eye(1, 3, dtype="f4"), (3, 1))))

    def test_similar_pictures_with_the_same_text_are_two_items(self) -> None:
        assert ask(fuse(self.shop(0.97)), items=["a"])["item_id"] == ["b", "c"]
        assert ask(fuse(self.shop(0.99)), items=["a"])["item_id"] == ["c"]

    def test_items_without_pictures_are_no_duplicates_of_each_other(self) -> None:
        table = self.shop(0.5)
        none = column_of(np.zeros((3, 3), np.float32), np.array([False, False, True]))
        table = table.set_column(1, PICTURES.field("image_embedding"), none)
        assert ask(fuse(table), items=["a"])["item_id"][0] == "b"

    def test_where_a_reduction_has_mingled_both_all_numbers_count(self) -> None:
        same = self.shop(1.0)
        assert ask(fuse(same, reduce="pca", dim=1), items=["a"])["item_id"] == ["c"]


def test_a_blank_picture_has_no_direction() -> None:
    with pytest.raises(InputError, match="a zero vector"):
        recommend(items(), images=[picture((0, 0, 0))])

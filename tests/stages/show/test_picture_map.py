"""The stage behind ``show --map``: who is on the map, what is told, and what cannot be."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from visrec_cli.errors import InputError, UsageError
from visrec_cli.reports.sprites import LARGEST, PIXELS, SHEET, SMALLEST, sprites, tile_side
from visrec_cli.runtime.report import Report
from visrec_cli.stages.show.picture_map import picture_map
from visrec_cli.tables.vectors import column_of


def catalogue(n: int = 12, lacking: tuple[int, ...] = (), **changes: list[object]) -> pa.Table:
    vectors = np.random.default_rng(0).normal(size=(n, 8)).astype(np.float32)
    columns = {
        "item_id": [f"i{i}" for i in range(n)],
        "title": [f"thing {i}" for i in range(n)],
        "price": [float(i) for i in range(n)],
        "kind": ["hat" if i % 2 else "mug" for i in range(n)],
        **changes,
    }
    there = np.array([i not in lacking for i in range(n)])
    return pa.table({**columns, "embedding": column_of(vectors, there)})


def data_of(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def test_every_item_with_a_vector_is_on_the_map_and_the_others_are_counted() -> None:
    report = Report()
    page = picture_map(catalogue(lacking=(3, 5)), layout="pca", colour="kind", report=report)
    data = data_of(page)
    assert data["ids"] == [f"i{i}" for i in range(12) if i not in (3, 5)]
    assert report.counts["items"] == 10
    sentence = "2 items without a vector in 'embedding' are not on the map"
    assert report.warnings == [sentence]
    assert sentence.replace("'", "&#39;") in page
    assert {one["name"] for one in data["columns"]} == {"price", "kind"}
    kind = next(one for one in data["columns"] if one["name"] == "kind")
    assert [kind["words"][at] for at in kind["at"]] == ["mug", "hat", "mug", "mug", *["mug", "hat"] * 3]
    assert data["colour"] == "kind"


def test_the_same_table_gives_the_same_page() -> None:
    assert picture_map(catalogue(), layout="tsne") == picture_map(catalogue(), layout="tsne")


def test_places_fill_the_grid_and_keep_their_proportions() -> None:
    places = np.array([[0, 0], [4, 1], [4, 0]], np.float32)
    table = catalogue(3).set_column(4, "embedding", column_of(places + np.float32(1)))
    data = data_of(picture_map(table, layout="pca"))
    for axis in ("x", "y"):
        assert min(data[axis]) >= 0
        assert max(data[axis]) <= data["grid"]
    assert max(max(data[axis]) - min(data[axis]) for axis in ("x", "y")) == data["grid"]


def test_a_limit_takes_items_evenly() -> None:
    report = Report()
    data = data_of(picture_map(catalogue(), layout="pca", limit=4, report=report))
    assert data["ids"] == ["i0", "i3", "i6", "i9"]
    assert report.warnings == ["Only 4 of 12 items are shown, evenly taken (--limit shows more)"]


@pytest.mark.parametrize(
    ("options", "near"),
    [({"layout": "tsn"}, "tsne"), ({"colour": "kinds"}, "kind"), ({"columns": ["prize"]}, "price")],
)
def test_unknown_names_are_answered_with_near_ones(options, near) -> None:
    with pytest.raises(UsageError) as refusal:
        picture_map(catalogue(), **options)
    assert near in str(refusal.value.fix)


def test_a_table_without_vectors_says_what_to_do() -> None:
    with pytest.raises(InputError) as refusal:
        picture_map(catalogue().drop_columns(["embedding"]))
    assert "embed-images" in str(refusal.value.fix)
    with pytest.raises(InputError, match="no item has a vector"):
        picture_map(catalogue(2, lacking=(0, 1)))


def test_a_picture_that_cannot_be_read_is_a_reject_and_still_a_point(tmp_path) -> None:
    Image.new("RGB", (30, 40), (200, 0, 0)).save(tmp_path / "0.png")
    paths = [str(tmp_path / "0.png"), str(tmp_path / "gone.png"), None]
    report = Report()
    data = data_of(picture_map(catalogue(3, image_path=paths), layout="pca", report=report))
    assert data["sizes"] == [30, 40, 0, 0, 0, 0]
    assert [one.item_id for one in report.rejects] == ["i1"]
    assert "image_path" not in {one["name"] for one in data["columns"]}


def test_sheets_are_bounded_and_hold_each_picture_where_the_page_looks_for_it() -> None:
    assert tile_side(1) == LARGEST
    assert tile_side(10_000) ** 2 * 10_000 <= PIXELS
    assert tile_side(10**9) == SMALLEST
    side = 512
    colours = [(40 * i % 255, 90, 200 - 9 * i) for i in range(20)]
    pictures = [None if i == 7 else Image.new("RGB", (side, side // 2), colour) for i, colour in enumerate(colours)]
    found = sprites(pictures, side)
    assert [(sheet.width, sheet.height) for sheet in found.sheets] == [(SHEET, SHEET), (3 * side, side)]
    assert found.sizes[7] == (0, 0)
    assert found.per_row == 4
    import base64
    import io

    second = Image.open(io.BytesIO(base64.b64decode(found.sheets[1].uri.split(",")[1]))).convert("RGB")
    last = np.asarray(second)[side // 4, 2 * side + side // 2]  # the 19th that is there: the third of the second sheet
    assert np.abs(last.astype(int) - colours[19]).max() < 6

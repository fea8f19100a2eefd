"""What a column of vectors says of itself: its space, and the recipe that fused it."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import visrec_cli as visrec
from tests.conftest import COLOURS, draw
from tests.contracts.fuser_suite import planted, table
from tests.robustness.mutations import changed_document, rng, rounds
from tests.robustness.outcomes import survey
from visrec_cli.stages.check import check
from visrec_cli.stages.recommend.items.fused_query import project
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.spaces import EXTENSION, space_of

PARAMETER = b"ARROW:extension:metadata"


def spaces_of(fields: pa.Schema) -> list[str]:
    return [field.name for field in fields if (field.metadata or {}).get(b"ARROW:extension:name") == EXTENSION]


def with_space(whole: pa.Table, column: str, text: str) -> pa.Table:
    """The table whose column says this of its space."""
    at = whole.schema.get_field_index(column)
    field = whole.schema.field(at)
    metadata = {**field.metadata, PARAMETER: text.encode("utf-8", "surrogatepass")}
    return whole.cast(whole.schema.set(at, field.with_metadata(metadata)))


def mutated(name: str, whole: pa.Table, column: str, parts: int) -> Iterator[tuple[str, pa.Table]]:
    document = json.loads(whole.schema.field(column).metadata[PARAMETER])
    for number in rounds(parts):
        yield f"round {number}", with_space(whole, column, changed_document(document, rng(name, number)))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number, (name, colour) in enumerate(COLOURS.items()):
        draw("disc", colour, seed=number).save(folder / f"{name}.png")
    return folder


def test_a_space_that_is_another(pictures: Path) -> None:
    """Looked up, compared with a picture, fused, joined with the right one, shown and checked."""
    whole = visrec.embed_images(pictures, encoder="colour", cache=False).read_all()
    query = str(pictures / "red.png")
    uses: list[Any] = [
        lambda one: visrec.recommend(one, items=["red"], k=2).read_all(),
        lambda one: visrec.recommend(one, images=[query], k=2).read_all(),
        lambda one: visrec.fuse(one).read_all(),
        lambda one: visrec.fuse(whole, one, method="mean").read_all(),
        lambda one: visrec.describe(one),
        check,
    ]

    def use(one: pa.Table, number: int) -> None:
        uses[number % len(uses)](one)

    cases = mutated("space", whole, "image_embedding", 1)
    survey((what, partial(use, one, number)) for number, (what, one) in enumerate(cases))


RECIPES: dict[str, dict[str, Any]] = {
    "concat": {},
    "concat-mean": {"missing": "mean"},
    "pca": {"reduce": "pca", "dim": 6},
    "whiten": {"reduce": "whiten", "dim": 6, "missing": "mean"},
    "lda": {"reduce": "lda", "dim": 4, "target": "kind"},
    "two-tower": {"method": "two-tower", "dim": 8, "settings": {"epochs": 2}},
    "cca": {"method": "cca", "dim": 8},
    "weighted": {"method": "weighted-softmax", "target": "kind", "settings": {"epochs": 2}},
    "attention": {"method": "attention", "target": "kind", "dim": 8, "settings": {"epochs": 2}},
    "multiplicative": {
        "method": "attention", "target": "kind", "dim": 8, "settings": {"epochs": 2, "score": "multiplicative"}
    },
    "gated": {"method": "gated", "target": "kind", "dim": 8, "settings": {"epochs": 2}},
    "cross": {"method": "cross-attention", "target": "kind", "dim": 8, "settings": {"epochs": 2}},
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_that_is_another(name: str) -> None:
    """A new picture is placed by it, a text, both; and it is read for near-duplicates and reasons."""
    eyes, words, labels = planted()
    eyes, words, labels = eyes[:60], words[:60], labels[:60]
    whole = visrec.fuse(table(eyes, words, labels), **RECIPES[name]).read_all()

    def use(one: pa.Table, number: int) -> None:
        space = space_of(open_table(one).schema.field("embedding"))
        assert space is not None
        parts = {"image_embedding": eyes[:3], "text_embedding": words[:3]}
        asked = [parts, {"image_embedding": eyes[:3]}, {"text_embedding": words[:3]}][number % 3]
        assert project(space, asked).shape == (3, space.dimension)
        if number % 5 == 0:
            visrec.recommend(one, items=["i1"], k=3).read_all()

    cases = mutated(name, whole.select(["item_id", "embedding"]), "embedding", len(RECIPES))
    survey((what, partial(use, one, number)) for number, (what, one) in enumerate(cases))

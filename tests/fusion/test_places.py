"""Places to draw: neighbours stay neighbours, in columns that any tool reads."""

import numpy as np
import pyarrow as pa
import pytest

from tests.fusion.test_fuse import table
from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.fuse import fuse
from visrec_cli.tables.vectors import embedding_columns

KINDS = np.arange(60) % 3


def shop(**gone: tuple[int, ...]) -> pa.Table:
    """60 items of three kinds, which only both parts together tell apart."""
    rng = np.random.default_rng(0)
    a, b = 0.05 * rng.normal(size=(60, 6)), 0.05 * rng.normal(size=(60, 4))
    a[:, 0], a[:, 1] = KINDS == 0, KINDS != 0
    b[:, 0], b[:, 1] = KINDS == 1, KINDS != 1
    return table(a.astype(np.float32), b.astype(np.float32), **gone)


def placed(*, dim: int | None = None) -> pa.Table:
    return fuse(shop(), method="tsne", dim=dim).read_all()


def test_what_is_alike_in_all_parts_lies_near() -> None:
    """By t-SNE; UMAP goes the same way, and is tested with the layouts."""
    found = placed()
    places = np.stack([found[f"tsne_{axis}"].to_numpy() for axis in "xy"], axis=1)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (KINDS[apart.argmin(axis=1)] == KINDS).all()
    assert embedding_columns(found.schema) == ["image_embedding", "text_embedding"], "places are no space"


def test_the_same_table_gives_the_same_places_and_three_numbers_on_request() -> None:
    once, twice = placed(dim=3), placed(dim=3)
    assert once.equals(twice)
    assert [name for name in once.column_names if name.startswith("tsne")] == ["tsne_x", "tsne_y", "tsne_z"]


def test_an_item_without_a_vector_has_no_place() -> None:
    report = Report()
    found = fuse(shop(no_a=(3, 4), no_b=(4,)), method="tsne", report=report).read_all()
    assert [row for row, x in enumerate(found["tsne_x"].to_pylist()) if x is None] == [4]
    assert report.counts["items without a place"] == 1
    with pytest.raises(InputError, match="item 'i3' has no image_embedding"):
        fuse(shop(no_a=(3,)), method="tsne", missing="fail")


def test_a_second_layout_replaces_the_first() -> None:
    once = placed()
    again = fuse(once, method="tsne", seed=5).read_all()
    assert again.column_names == once.column_names


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dim": 7}, "makes 2 or 3 numbers, not 7"),
        ({"target": "category"}, "--target has no effect"),
        ({"reduce": "pca"}, "--reduce has no effect"),
        ({"settings": {"epochs": "3"}}, "--set has no effect"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fuse(shop(), method="tsne", **options)

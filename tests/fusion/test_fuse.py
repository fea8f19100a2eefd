"""Fusion by hand, by numpy, and by a second visit with the recipe alone."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, SpaceMismatchError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items.fused_query import project
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import column_of, matrix_of

PICTURE, TEXT = Space("lite0", 6, True), Space("minilm", 4, True, kind="text")


def table(a: np.ndarray, b: np.ndarray, *, no_a=(), no_b=(), spaces=(PICTURE, TEXT)) -> pa.Table:
    valid = [np.array([i not in gone for i in range(len(a))]) for gone in (no_a, no_b)]
    schema = pa.schema(
        [("item_id", pa.string()), spaces[0].field("image_embedding"), spaces[1].field("text_embedding")]
    )
    ids = pa.array([f"i{i}" for i in range(len(a))])
    return pa.table([ids, column_of(a, valid[0]), column_of(b, valid[1])], schema=schema)


@pytest.fixture
def blocks() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(60, 6)).astype(np.float32), 5 * rng.normal(size=(60, 4)).astype(np.float32)


def vectors(reader: pa.RecordBatchReader) -> tuple[np.ndarray, np.ndarray, Space]:
    whole = reader.read_all()
    space = space_of(whole.schema.field("embedding"))
    assert space is not None
    return *matrix_of(whole["embedding"]), space


def test_concat_by_hand() -> None:
    a, b = np.array([[3.0, 4, 0, 0, 0, 0]], np.float32), np.array([[0, 0, 10.0, 0]], np.float32)
    got, valid, space = vectors(fuse(table(a, b), weights={"image": 2}))
    expected = np.array([1.2, 1.6, 0, 0, 0, 0, 0, 0, 1, 0]) / np.sqrt(5)
    np.testing.assert_allclose(got[0], expected, atol=1e-6)
    assert valid.all()
    assert (space.dimension, space.kind, [s.column for s in space.sources]) == (
        10,
        "fused",
        ["image_embedding", "text_embedding"],
    )


def test_the_inner_product_is_the_weighted_sum_of_cosines(blocks) -> None:
    a, b = blocks
    got, _, _ = vectors(fuse(table(a, b), weights={"image": 3, "text": 4}))
    cos = [(x / np.linalg.norm(x, axis=1, keepdims=True)) for x in blocks]
    np.testing.assert_allclose(got @ got.T, (9 * cos[0] @ cos[0].T + 16 * cos[1] @ cos[1].T) / 25, atol=1e-5)


def test_mean_is_over_the_parts_an_item_has() -> None:
    a, b = np.array([[2.0, 0], [2.0, 0]], np.float32), np.array([[0, 3.0], [0, 3.0]], np.float32)
    space = Space("st:clip", 2, True)
    got, valid, _ = vectors(fuse(table(a, b, no_b=(1,), spaces=(space, space)), method="mean"))
    np.testing.assert_allclose(got, [[0.5**0.5, 0.5**0.5], [1, 0]], atol=1e-6)
    assert valid.all()


def test_mean_of_unrelated_spaces_is_refused_even_with_equal_dimensions() -> None:
    a = np.ones((2, 4), np.float32)
    with pytest.raises(SpaceMismatchError, match=r"image_embedding.*lite0.*text_embedding.*minilm"):
        fuse(table(a, a, spaces=(Space("lite0", 4, True), Space("minilm", 4, True))), method="mean")


@pytest.mark.parametrize("policy", ["zero", "mean", "drop"])
def test_missing_parts(blocks, policy: str) -> None:
    report = Report()
    got, valid, _ = vectors(fuse(table(*blocks, no_a=(3, 4), no_b=(4,)), missing=policy, report=report))
    assert report.counts["items without image_embedding"] == 2
    assert report.counts["items without text_embedding"] == 1
    assert np.flatnonzero(~valid).tolist() == ([3, 4] if policy == "drop" else [4])
    assert report.counts["items without a vector"] == (2 if policy == "drop" else 1)
    if policy == "zero":
        np.testing.assert_array_equal(got[3, :6], 0)
    if policy == "mean":
        unit = blocks[0] / np.linalg.norm(blocks[0], axis=1, keepdims=True)
        fill = np.delete(unit, [3, 4], axis=0).mean(axis=0)
        np.testing.assert_allclose(got[3, :6] / np.linalg.norm(got[3, :6]), fill / np.linalg.norm(fill), atol=1e-5)


def test_missing_fail_names_the_item(blocks) -> None:
    with pytest.raises(InputError, match="item 'i3' has no image_embedding"):
        fuse(table(*blocks, no_a=(3,)), missing="fail").read_all()


def test_whitened_vectors_have_unit_covariance(blocks) -> None:
    whole = fuse(table(*blocks), reduce="whiten", dim=7, normalise="none").read_all()
    got, _ = matrix_of(whole["embedding"])
    np.testing.assert_allclose(np.cov(got.T), np.eye(7), atol=1e-3)


def test_pca_keeps_the_planted_plane() -> None:
    rng = np.random.default_rng(2)
    plane = np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    points = rng.normal(size=(200, 2)) * [5, 3] @ plane + 1e-3 * rng.normal(size=(200, 6))
    whole = pa.table(
        [pa.array([str(i) for i in range(200)]), column_of(points)],
        schema=pa.schema([("item_id", pa.string()), PICTURE.field("image_embedding")]),
    )
    got, _, space = vectors(fuse(whole, reduce="pca", dim=2, normalise="none"))
    assert got.shape == (200, 2)
    centred = points - points.mean(axis=0)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), np.linalg.norm(centred, axis=1), atol=2e-2)
    assert space.transform["reduction"]["explained"] > 0.999


@pytest.mark.parametrize(
    "options", [{}, {"weights": {"text": 0.5}}, {"reduce": "pca", "dim": 3}, {"reduce": "whiten", "dim": 5}]
)
def test_the_recipe_alone_puts_new_items_into_the_same_space(blocks, options) -> None:
    a, b = blocks
    got, _, space = vectors(fuse(table(a, b), **options))
    again = project(space, {"image_embedding": a[:5], "text_embedding": b[:5]})
    np.testing.assert_allclose(again, got[:5], atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"reduce": "pca", "dim": 9}])
def test_a_query_with_one_part_finds_its_own_item(blocks, options) -> None:
    a, b = blocks
    got, _, space = vectors(fuse(table(a, b), **options))
    hits = (project(space, {"image_embedding": a}) @ got.T).argmax(axis=1)
    assert (hits == np.arange(60)).mean() > 0.8


def test_a_query_by_a_column_that_was_not_fused_is_refused(blocks) -> None:
    _, _, space = vectors(fuse(table(*blocks), columns=["image"]))
    with pytest.raises(UsageError, match="'text_embedding' is not part of this space"):
        project(space, {"text_embedding": blocks[1]})


def test_messages(blocks) -> None:
    whole = table(*blocks)
    with pytest.raises(InputError, match="no embedding column to fuse"):
        fuse(pa.table({"item_id": ["a"]}))
    with pytest.raises(UsageError, match="unknown embedding column 'imge'"):
        fuse(whole, columns=["imge"])
    with pytest.raises(UsageError, match="unknown fusion method 'cncat'"):
        fuse(whole, method="cncat")
    with pytest.raises(UsageError, match="--dim needs a reduction"):
        fuse(whole, dim=3)
    with pytest.raises(UsageError, match="must be a positive number"):
        fuse(whole, weights={"image": -1})
    with pytest.raises(InputError, match="needs more than 64 items"):
        fuse(whole, reduce="pca", dim=64).read_all()
    with pytest.raises(InputError, match="but there are 1 items with 10") as refused:
        fuse(whole.slice(0, 1), reduce="pca", dim=1).read_all()
    assert refused.value.fix == "leave out --reduce"
    with pytest.raises(UsageError, match="'item_id' would replace a column that holds no vectors"):
        fuse(whole, into="item_id")
    with pytest.raises(UsageError, match="--columns image,image_embedding names a column twice"):
        fuse(whole, columns=["image", "image_embedding"])
    with pytest.raises(UsageError, match="stdin can be only one"):
        fuse("-", "-")


def test_a_second_fuse_replaces_the_first_and_does_not_eat_it(blocks) -> None:
    once = fuse(table(*blocks)).read_all()
    twice = fuse(once).read_all()
    assert twice.equals(once)


def test_a_column_fused_from_others_here_is_no_ingredient_whatever_its_name(blocks) -> None:
    once = fuse(table(*blocks), reduce="pca", dim=3, into="small").read_all()
    _, _, space = vectors(fuse(once))
    assert [s.column for s in space.sources] == ["image_embedding", "text_embedding"]


@pytest.mark.parametrize("spaces", [(PICTURE, TEXT), (None, None)])
def test_two_matrices_are_both_ingredients(blocks, spaces) -> None:
    """Every NPY matrix comes as the column ``embedding``."""
    ids = pa.array([f"i{i}" for i in range(60)])
    tables = [
        pa.table(
            [ids, column_of(block)],
            schema=pa.schema(
                [
                    ("item_id", pa.string()),
                    space.field("embedding") if space else pa.field("embedding", column_of(block).type),
                ]
            ),
        )
        for block, space in zip(blocks, spaces, strict=True)
    ]
    got, _, space = vectors(fuse(*tables))
    assert [s.column for s in space.sources] == ["embedding", "embedding_2"]
    np.testing.assert_allclose(got, vectors(fuse(table(*blocks)))[0], atol=1e-6)


def test_it_streams_without_a_fit(blocks) -> None:
    taken = []

    def batches():
        for batch in table(*blocks).to_batches(max_chunksize=10):
            taken.append(1)
            yield batch

    reader = fuse(pa.RecordBatchReader.from_batches(table(*blocks).schema, batches()))
    reader.read_next_batch()
    assert len(taken) <= 2


def test_a_table_with_nothing_but_an_embedding_column_can_be_fused_again(blocks) -> None:
    column = column_of(blocks[0])
    whole = pa.table([pa.array([str(i) for i in range(60)]), column], names=["item_id", "embedding"])
    got, _, space = vectors(fuse(whole, reduce="pca", dim=2))
    assert got.shape == (60, 2)
    assert [s.column for s in space.sources] == ["embedding"]

"""What is learned from: labels, clicks, and what is refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.contracts.fuser_suite import fused, near, planted, table
from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.discriminant import Lda
from visrec_cli.fusion.targets import Clicks, Labels, co_clicks
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items.fused_query import project

ATTENTION = {"method": "attention", "device": "cpu"}


def test_co_clicks_by_hand() -> None:
    """Item 0 and 1 share two of their 2 and 3 users: 2 / √6; item 3 was touched by nobody."""
    links = co_clicks(np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 1, 0, 1, 1, 2, 2]), 4).toarray()
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 2 / np.sqrt(6)
    expected[1, 2] = expected[2, 1] = 1 / np.sqrt(3)
    np.testing.assert_allclose(links, expected, atol=1e-6)


def test_partners_belong_together_and_stay_among_those_allowed() -> None:
    rng = np.random.default_rng(0)
    labels = Labels(np.array([0, 1, 0, 1, 0, 2, -1]), ["a", "b", "c"], "kind")
    among, rows = np.array([0, 1, 2, 3, 5]), np.array([0, 1, 4, 5])
    drawn = np.array([labels.partners(rows, among, rng) for _ in range(200)])
    assert [sorted(set(column)) for column in drawn.T.tolist()] == [[0, 2], [1, 3], [0, 2], [5]]
    clicks = Clicks(co_clicks(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 4]), 5), "clicks:x")
    drawn = np.array([clicks.partners(np.array([0, 2, 3]), np.array([0, 1, 2, 3]), rng) for _ in range(20)])
    assert [sorted(set(column)) for column in drawn.T.tolist()] == [[1], [2], [3]]  # 4 is not among them


def test_lda_tells_the_labels_apart_and_places_queries() -> None:
    pictures, texts, labels = planted()
    got, valid, space = fused(table(pictures, texts, labels), reduce="lda", target="kind")
    assert valid.all()
    assert space.dimension == 7  # one less than there are labels
    assert near(got, labels) > near(fused(table(pictures, texts, labels))[0], labels) + 0.05
    again = project(space, {"image_embedding": pictures[:5], "text_embedding": texts[:5]})
    np.testing.assert_allclose(again, got[:5], atol=1e-5)


def test_lda_is_that_of_scikit_learn() -> None:
    """With far more items than numbers hardly anything is shrunk, and scikit-learn's plain solver finds the same."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(4)
    labels = rng.integers(0, 4, 4000)
    mixed = rng.normal(size=(4000, 6)) @ (np.eye(6) + 0.2 * rng.normal(size=(6, 6)))
    points = (mixed + rng.normal(size=(4, 6))[labels]).astype(np.float32)
    ours = Lda.fit(points, 3, [str(label) for label in labels]).apply(points)
    theirs = LinearDiscriminantAnalysis(solver="svd").fit(points, labels).transform(points)
    np.testing.assert_allclose(np.abs(np.corrcoef(ours.T, theirs.T)[:3, 3:]), np.eye(3), atol=0.05)
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.02)


def test_a_label_of_one_item_is_no_trouble() -> None:
    pictures, texts, labels = planted()
    labels[0] = 99
    got, valid, _ = fused(table(pictures, texts, labels), reduce="lda", target="kind")
    assert valid.all()
    assert np.isfinite(got).all()


def test_refusals(tmp_path: Path) -> None:
    pictures, texts, labels = planted()
    whole = table(pictures, texts, labels)
    with pytest.raises(UsageError, match="unknown column for --target 'kidn'") as refused:
        fuse(whole, target="kidn", **ATTENTION)
    assert refused.value.fix == "did you mean kind?"
    with pytest.raises(InputError, match="has one value, 'k1', in all 240 items"):
        fuse(table(pictures, texts, [1] * 240), target="kind", **ATTENTION)
    with pytest.raises(InputError, match="has no value in all 240 items"):
        fuse(table(pictures, texts, [None] * 240), target="kind", **ATTENTION)
    with pytest.raises(InputError, match="no two items share a value of 'item_id'"):
        fuse(whole, target="item_id", **ATTENTION)
    with pytest.raises(InputError, match="'price' is double, and labels are words"):
        fuse(whole.append_column("price", pa.array(np.ones(240))), target="price", **ATTENTION)
    with pytest.raises(UsageError, match="learns nothing, so --target has no effect"):
        fuse(whole, target="kind")
    with pytest.raises(UsageError, match="--method concat has no settings"):
        fuse(whole, settings={"epochs": 3})
    with pytest.raises(UsageError, match="--reduce lda separates labels and needs a column"):
        fuse(whole, reduce="lda")
    with pytest.raises(InputError, match="lda of 8 labels has at most 7 directions, but 9"):
        fuse(whole, reduce="lda", target="kind", dim=9)
    with pytest.raises(UsageError, match="has its own --dim and goes with no --reduce"):
        fuse(whole, reduce="pca", target="kind", **ATTENTION)
    with pytest.raises(UsageError, match="--validation 1 is not between 0 and 1"):
        fuse(whole, target="kind", validation=1, **ATTENTION)
    log = tmp_path / "log.csv"
    log.write_text("user_id,item_id\nu1,x\nu1,y\n")
    with pytest.raises(InputError, match="none of its items is in the table"):
        fuse(whole, target=f"clicks:{log}", **ATTENTION)
    log.write_text("user_id,item_id\nu1,i1\nu2,i2\n")
    with pytest.raises(InputError, match="no user has two of these items"):
        fuse(whole, target=f"clicks:{log}", **ATTENTION)

"""Errors of predicted ratings: by hand, and by the suite."""

import numpy as np
import pytest

from tests.contracts.metric_suite import ITEMS, MetricSuite, lists_of, truth_of
from visrec_cli.metrics.base import WHOLE, ItemStats, Lists, Pooled
from visrec_cli.registry import find

# Ratings 4 and 2 of one user, predicted as 3.5 and 4 (and an item without a rating as 1); 5 of another, as 3.
TRUTH = truth_of({1: 4, 2: 2, 3: 1}, {1: 5})
LISTS = lists_of([1, 9, 2], [1], truth=TRUTH, scores=np.array([[3.5, 1, 4], [3, np.nan, np.nan]], np.float32))
WORLD = ItemStats(ITEMS, like=4)


def pooled(name: str, lists: Lists = LISTS) -> float:
    kind = find("metric", name)
    assert issubclass(kind, Pooled)
    total, n = kind.sums(lists, WORLD)
    return float(kind.finish(np.array([total.sum() / n.sum()]))[0])


def test_over_all_ratings_by_hand() -> None:
    assert pooled("rmse") == pytest.approx(np.sqrt((0.5**2 + 2**2 + 2**2) / 3))
    assert pooled("mae") == pytest.approx((0.5 + 2 + 2) / 3)
    assert pooled("accuracy") == pytest.approx(0 / 3)  # 3.5 < 4 ≤ 4; 4 ≥ 4 > 2; 3 < 4 ≤ 5


def test_of_each_user_by_hand() -> None:
    each = [find("metric", name).each(LISTS, WHOLE, WORLD) for name in ("rmse", "mae")]
    np.testing.assert_allclose(each, [[np.sqrt((0.25 + 4) / 2), 2], [1.25, 2]])


def test_what_has_no_score_is_left_out() -> None:
    no_scores = Lists(LISTS.items, LISTS.truth)
    assert np.isnan(find("metric", "rmse").each(no_scores, WHOLE, WORLD)).all()
    infinite = Lists(LISTS.items, LISTS.truth, scores=np.array([[-np.inf, 1, 2], [5, 0, 0]], np.float32))
    np.testing.assert_array_equal(find("metric", "mae").each(infinite, WHOLE, WORLD), [0, 0])


def test_likes_by_hand() -> None:
    right = lists_of([1, 2, 3], [1], truth=TRUTH, scores=np.array([[4, 3, 5], [4.5, 0, 0]], np.float32))
    assert pooled("accuracy", right) == pytest.approx(3 / 4)


class _Errors(MetricSuite):
    by_hits = False
    high = np.inf
    best = 0.0
    empty = float("nan")


class TestRmse(_Errors):
    name = "rmse"


class TestMae(_Errors):
    name = "mae"


class TestAccuracy(_Errors):
    name = "accuracy"
    high, best = 1.0, 1.0

"""How different the shown items are: by hand, and by the suite."""

from math import log, sqrt

import numpy as np
import pytest
import scipy.sparse as sp

from tests.contracts.metric_suite import MetricSuite, lists_of, random_lists, truth_of, world
from visrec_cli.metrics.base import ItemStats, Lists
from visrec_cli.registry import find

# Items 0 and 1 are at right angles, 2 is between them, 3 opposite to 0, 4 has no vector; 5 stands for unknown ones.
VECTORS = np.array([[1, 0], [0, 1], [sqrt(0.5), sqrt(0.5)], [-1, 0], [0, 0], [0, 0]], np.float32)
# Items 0 and 1 are of kind a, 2 is of both a and b, 3 is of b, 4 of none.
KINDS = sp.csr_matrix(np.array([[1, 0], [1, 0], [0.5, 0.5], [0, 1], [0, 0], [0, 0]], np.float32))
SHOP = ItemStats(5, vectors=VECTORS, has_vector=np.arange(6) < 4, categories=KINDS)


def value(name: str, items: list[int], history: dict[int, float] | None = None, k: int = 10) -> float:
    truth = truth_of({0: 1.0}, items=5)
    lists = lists_of(items, truth=truth, history=truth_of(history or {}, items=5))
    return float(find("metric", name).each(lists, k, SHOP)[0])


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([0, 1], 1),
        ([0, 3], 2),
        ([0, 1, 2], 1 - 2 * sqrt(0.5) / 3),
        ([0, 4, 1, 5], 1),  # without a vector, and unknown
    ],
)
def test_diversity_by_hand(items: list[int], expected: float) -> None:
    assert value("diversity", items) == pytest.approx(expected, abs=1e-6)


def test_diversity_needs_two() -> None:
    assert np.isnan(value("diversity", [0, 4]))
    assert np.isnan(value("diversity", [0, 1], k=1))


def test_diversity_is_the_mean_over_pairs() -> None:
    lists, shop = random_lists(3), world()
    assert shop.vectors is not None
    for user, value in enumerate(find("metric", "diversity").each(lists, 8, shop)):
        known = [i for i in lists.items[user, :8] if 0 <= i < shop.items]
        if len(known) > 1:
            cosines = (shop.vectors[known] @ shop.vectors[known].T)[np.triu_indices(len(known), 1)]
            assert value == pytest.approx(1 - cosines.mean(), abs=1e-6)


def test_miscalibration_by_hand() -> None:
    likes_a_thrice = {0: 2.0, 1: 1.0, 3: 1.0}  # weights: p = 3/4 a, 1/4 b
    assert value("miscalibration", [0, 1, 1, 3], likes_a_thrice) == pytest.approx(0, abs=1e-9)
    only_b = 0.75 * log(0.75 / (0.01 * 0.75)) + 0.25 * log(0.25 / (0.99 + 0.01 * 0.25))
    assert value("miscalibration", [3], likes_a_thrice) == pytest.approx(only_b, rel=1e-6)
    halves = 0.75 * log(0.75 / (0.99 * 0.5 + 0.0075)) + 0.25 * log(0.25 / (0.99 * 0.5 + 0.0025))
    assert value("miscalibration", [2, 4], likes_a_thrice) == pytest.approx(halves, rel=1e-6)


def test_miscalibration_at_its_ends() -> None:
    assert value("miscalibration", [], {0: 1.0}) == pytest.approx(-log(0.01))
    assert value("miscalibration", [3], {0: 1.0}) == pytest.approx(-log(0.01))
    assert np.isnan(value("miscalibration", [0], {}))
    assert np.isnan(value("miscalibration", [0], {4: 1.0}))


def test_what_nobody_knows_of_the_items_is_nothing() -> None:
    lists: Lists = random_lists(0)
    for name in ("diversity", "miscalibration"):
        assert np.isnan(find("metric", name).each(lists, 5, ItemStats(40))).all()


PAIR = np.asarray(world().vectors, np.float64)[[1, 2]]  # of the second user's list in the suite


class TestDiversity(MetricSuite):
    name = "diversity"
    high = 2.0
    best = None
    empty = float("nan")
    untrue = float(find("metric", "diversity").each(lists_of([1, 2], truth=truth_of({})), 2, world())[0])
    by_hits = False

    @pytest.mark.parametrize("k", [2, 3, 100])  # one item is no pair
    def test_stays_within_its_bounds(self, k: int) -> None:
        super().test_stays_within_its_bounds(k)

    def test_the_pair_of_the_suite(self) -> None:
        assert self.untrue == pytest.approx(1 - PAIR[0] @ PAIR[1], abs=1e-6)


class TestMiscalibration(MetricSuite):
    name = "miscalibration"
    high = -log(0.01) + 1e-9
    best = None
    # the history of both is item 5, of category 1; items 1 and 2 are of categories 1 and 2
    empty = float(find("metric", "miscalibration").each(
        lists_of([], truth=truth_of({}), history=truth_of({5: 1.0})), 2, world())[0])  # fmt: skip
    untrue = float(-np.log(0.01) - np.log1p(99 * 0.5))  # -log(0.99 / 2 + 0.01)
    by_hits = False

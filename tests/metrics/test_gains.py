"""Discounted gain: by hand, and by the suite."""

from math import log2

import pytest

from tests.contracts.metric_suite import ITEMS, MetricSuite, lists_of, truth_of
from visrec_cli.metrics.base import WHOLE, ItemStats
from visrec_cli.registry import find

# Three relevant items of grades 1, 2 and 4; shown: that of grade 2, a wrong one, that of grade 4.
TRUTH, SHOWN = truth_of({1: 1, 2: 2, 4: 4}), [2, 30, 4]


def value(name: str, k: int) -> float:
    return float(find("metric", name).each(lists_of(SHOWN, truth=TRUTH), k, ItemStats(ITEMS))[0])


@pytest.mark.parametrize(
    ("name", "gains"),
    [("ndcg", {1: 1, 2: 1, 4: 1}), ("ndcg-graded", {1: 1, 2: 2, 4: 4}), ("ndcg-exp", {1: 1, 2: 3, 4: 15})],
)
@pytest.mark.parametrize("k", [1, 2, 3, 10, WHOLE])
def test_by_hand(name: str, gains: dict[int, int], k: int) -> None:
    places = {1: 1.0, 2: 1 / log2(3), 3: 0.5}  # 1 / log2(place + 1)
    gained = gains[2] * places[1] + (gains[4] * places[3] if k >= 3 else 0)
    ideal = sum(gains[grade] * places[at] for at, grade in enumerate((4, 2, 1), 1) if at <= k)
    assert value(name, k) == pytest.approx(gained / ideal, rel=1e-6)


def test_grades_count_only_where_they_are_asked_for() -> None:
    lists = [lists_of([first, second], truth=TRUTH) for first, second in ((1, 4), (4, 1))]
    binary, graded = (
        [float(find("metric", name).each(one, 2, ItemStats(ITEMS))[0]) for one in lists]
        for name in ("ndcg", "ndcg-graded")
    )
    assert binary[0] == binary[1] == pytest.approx(1)
    assert graded[0] < graded[1] < 1


class TestNdcg(MetricSuite):
    name = "ndcg"


class TestNdcgGraded(MetricSuite):
    name = "ndcg-graded"


class TestNdcgExp(MetricSuite):
    name = "ndcg-exp"

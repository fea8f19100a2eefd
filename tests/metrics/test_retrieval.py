"""Retrieval at the depth of the class: by hand, and by the suite."""

import pytest

from tests.contracts.metric_suite import ITEMS, MetricSuite, lists_of, truth_of
from visrec_cli.metrics.base import WHOLE, ItemStats
from visrec_cli.registry import find


@pytest.mark.parametrize(
    ("items", "r_precision", "map_r"),
    [
        ([1, 2, 3], 1, 1),
        ([1, 9, 3, 2], 2 / 3, (1 + 2 / 3) / 3),  # R is 3: the fourth place is not looked at
        ([9, 8, 3], 1 / 3, (1 / 3) / 3),
        ([1], 1 / 3, 1 / 3),  # too short
        ([9, 8, 7, 1, 2, 3], 0, 0),
    ],
)
def test_by_hand(items: list[int], r_precision: float, map_r: float) -> None:
    lists = lists_of(items, truth=truth_of({1: 1.0, 2: 1.0, 3: 1.0}))
    values = [find("metric", name).each(lists, WHOLE, ItemStats(ITEMS))[0] for name in ("r-precision", "map-r")]
    assert values == pytest.approx([r_precision, map_r], abs=1e-12)


class TestRPrecision(MetricSuite):
    name = "r-precision"


class TestMapR(MetricSuite):
    name = "map-r"

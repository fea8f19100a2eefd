"""Metrics of ranked lists: by hand, and by the suite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tests.contracts.metric_suite import ITEMS, MetricSuite, lists_of, truth_of
from visrec_cli.metrics.base import WHOLE, ItemStats, Lists
from visrec_cli.registry import find

# One user, five relevant items (1 to 5, item i of grade i), six shown: hits in places 1, 3 and 6.
TRUTH = truth_of({1: 1, 2: 2, 3: 3, 4: 4, 5: 5})
SHOWN = [4, 20, 1, 21, 22, 5]


def value(name: str, k: int, shown: list[int] = SHOWN) -> float:
    return float(find("metric", name).each(lists_of(shown, truth=TRUTH), k, ItemStats(ITEMS))[0])


@pytest.mark.parametrize(
    ("name", "at_3", "at_6", "at_10"),
    [
        ("precision", 2 / 3, 3 / 6, 3 / 10),
        ("recall", 2 / 5, 3 / 5, 3 / 5),
        ("recall-min", 2 / 3, 3 / 5, 3 / 5),
        ("f1", 2 * 2 / (3 + 5), 2 * 3 / (6 + 5), 2 * 3 / (10 + 5)),
        ("hit", 1, 1, 1),
        ("mrr", 1, 1, 1),
        ("map", (1 + 2 / 3) / 3, (1 + 2 / 3 + 3 / 6) / 5, (1 + 2 / 3 + 3 / 6) / 5),
        ("map-all", (1 + 2 / 3) / 5, (1 + 2 / 3 + 3 / 6) / 5, (1 + 2 / 3 + 3 / 6) / 5),
    ],
)
def test_by_hand(name: str, at_3: float, at_6: float, at_10: float) -> None:
    assert [value(name, k) for k in (3, 6, 10)] == pytest.approx([at_3, at_6, at_10], rel=1e-12)


def test_of_the_whole_list() -> None:
    assert value("precision", WHOLE) == pytest.approx(3 / 6)
    assert value("recall", WHOLE) == pytest.approx(3 / 5)
    assert value("mrr", WHOLE, [20, 21, 2]) == pytest.approx(1 / 3)


def test_auc_by_hand() -> None:
    # 3 candidates are wrong: 7, 8, 9. Shown 1 (before all 3 wrong ones), 7, 2 (before 2), 8; 3 is not shown: with 9
    # alone unshown, its pairs with 7 and 8 are lost and that with 9 is a draw.
    truth = truth_of({1: 1, 2: 1, 3: 1}, items=6)
    lists = lists_of([1, 4, 2, 5], truth=truth)
    auc = find("metric", "auc").each(lists, WHOLE, ItemStats(6))
    assert auc[0] == pytest.approx((3 + 2 + 0.5) / (3 * 3))


def test_auc_of_whole_lists_is_that_of_sklearn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        order, wanted = rng.permutation(ITEMS), rng.choice(ITEMS, 6, replace=False)
        history = [int(item) for item in order[-5:] if item not in wanted]
        shown = [int(item) for item in order if item not in history]
        truth = truth_of({int(item): 1.0 for item in wanted})
        lists = lists_of(shown, truth=truth, history=truth_of(dict.fromkeys(history, 1.0)))
        expected = roc_auc_score(np.isin(shown, wanted), -np.arange(len(shown)))
        assert find("metric", "auc").each(lists, WHOLE, ItemStats(ITEMS))[0] == pytest.approx(expected, rel=1e-12)


def test_hits_are_found_across_blocks_of_the_bitmap() -> None:
    width = 1_500_000  # so many items that a bitmap holds one user
    truth = truth_of({0: 2.0, width - 1: 3.0}, {7: 1.0}, {0: 4.0}, items=width)
    lists = lists_of([width - 1, 7, -1, 0], [0, 7, width], [7, width - 1, 0], truth=truth)
    assert lists.hits.tolist() == [[True, False, False, True], [False, True, False, False], [False, False, True, False]]
    assert lists.gains.tolist() == [[3, 0, 0, 2], [0, 1, 0, 0], [0, 0, 4, 0]]


def test_an_ended_list_does_not_reach_into_another_user() -> None:
    truth = truth_of({ITEMS - 1: 1.0}, {0: 1.0})
    assert not Lists(np.full((2, 3), -1), truth).hits.any()


@given(data=st.data())
def test_hits_and_gains_are_what_a_dictionary_says(data: st.DataObject) -> None:
    items = data.draw(st.integers(1, 12))
    rows = st.dictionaries(st.integers(0, items - 1), st.integers(1, 5).map(float))
    relevant = data.draw(st.lists(rows, min_size=1, max_size=6))
    shown = [data.draw(st.lists(st.integers(0, items), unique=True, max_size=8)) for _ in relevant]
    lists = lists_of(*shown, truth=truth_of(*relevant, items=items))
    for row, (line, grades) in enumerate(zip(shown, relevant, strict=True)):
        expected = [grades.get(item, 0) for item in line]
        assert lists.gains[row].tolist() == expected + [0] * (lists.items.shape[1] - len(line))
        assert lists.hits[row].sum() == sum(grade > 0 for grade in expected)


class TestPrecision(MetricSuite):
    name = "precision"


class TestRecall(MetricSuite):
    name = "recall"


class TestRecallMin(MetricSuite):
    name = "recall-min"


class TestF1(MetricSuite):
    name = "f1"


class TestHit(MetricSuite):
    name = "hit"


class TestMap(MetricSuite):
    name = "map"


class TestMapAll(MetricSuite):
    name = "map-all"


class TestMrr(MetricSuite):
    name = "mrr"


class TestAuc(MetricSuite):
    name = "auc"
    empty = 0.5  # all items are equal
    by_hits = False

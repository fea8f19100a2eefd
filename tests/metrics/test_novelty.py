"""How popular the shown items are: by hand, and by the suite."""

from math import log2

import numpy as np
import pytest

from tests.contracts.metric_suite import MetricSuite, lists_of, random_lists, truth_of, world
from visrec_cli.metrics.base import WHOLE, ItemStats, Lists
from visrec_cli.registry import find

# 20 users; items 0 to 5 were had by 16, 8, 8, 4, 3 and 0 of them. The head, 80 % of 39, is 16 + 8 + 8 = 32 ≥ 31.2.
SHOP = ItemStats(6, 20, np.array([16, 8, 8, 4, 3, 0, 0]))
UNKNOWN = 6


def value(name: str, lists: Lists, k: int = 3) -> float:
    return float(find("metric", name).each(lists, k, SHOP)[0])


def shown(*items: int) -> Lists:
    return lists_of(list(items), truth=truth_of({1: 1.0}, items=6))


@pytest.mark.parametrize(
    ("name", "items", "expected"),
    [
        ("popularity", (0, 3, 5), (16 + 4 + 0) / 3 / 20),
        ("popularity", (0, UNKNOWN), 16 / 20),
        ("novelty", (0, 5), (log2(21 / 17) + log2(21 / 1)) / 2),
        ("novelty", (3,), log2(21 / 5)),
        ("tail-share", (0, 1, 2), 0),
        ("tail-share", (3, 4, 5), 1),
        ("tail-share", (2, 3, 4), 2 / 3),
        ("tail-share", (4, UNKNOWN), 1),
        ("tail-share", (0, 1, 2, 3), 0),  # the fourth is beyond k
    ],
)
def test_by_hand(name: str, items: tuple[int, ...], expected: float) -> None:
    assert value(name, shown(*items)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["popularity", "novelty", "tail-share"])
def test_nothing_known_is_shown(name: str) -> None:
    assert np.isnan(value(name, shown()))
    assert np.isnan(value(name, shown(UNKNOWN)))


def test_the_last_of_the_head_brings_its_equals_along() -> None:
    """8 + 8 of 20 are 80 %, and the third with 8 is as popular as the second."""
    shop = ItemStats(4, 20, np.array([8, 8, 8, 1, 0]))
    tail = find("metric", "tail-share").each(lists_of([0, 1, 2, 3], truth=truth_of({}, items=4)), WHOLE, shop)
    assert tail == [1 / 4]


def serendipity(history: dict[int, float], items: list[int], k: int, relevant: tuple[int, ...] = (0, 1, 3, 4)) -> float:
    truth = truth_of(dict.fromkeys(relevant, 1.0), items=6)
    return value("serendipity", lists_of(items, truth=truth, history=truth_of(history, items=6)), k)


def test_serendipity_by_hand() -> None:
    assert serendipity({}, [0, 1], 2) == 0  # the two most popular
    assert serendipity({}, [0, 3], 2) == 1 / 2
    assert serendipity({}, [3, 4], 2) == 1
    assert serendipity({}, [3], 2) == 1 / 2  # an empty place is no surprise
    assert serendipity({}, [3, 5], 2) == 1 / 2  # 5 is unexpected, and wrong
    assert serendipity({}, [2, 1], 2, (2,)) == 0  # as popular as the second, so it could have been shown


def test_what_the_user_had_before_would_not_have_been_shown() -> None:
    assert serendipity({0: 1.0, 1: 1.0}, [2, 3], 2, (3,)) == 0  # then 2 and 3 are the most popular that are left
    assert serendipity({0: 1.0}, [2, 3], 2, (3,)) == 1 / 2
    assert serendipity({4: 1.0, 5: 1.0}, [0, 3], 2, (3,)) == 1 / 2  # less popular ones change nothing


def test_serendipity_agrees_with_a_loop() -> None:
    shop = world()
    lists = random_lists(5)
    assert shop.popularity is not None
    assert lists.history is not None
    for k in (1, 4, 10):
        values = find("metric", "serendipity").each(lists, k, shop)
        for user, row in enumerate(lists.items):
            had, wanted = lists.history[user].indices, lists.truth[user].indices
            left = np.sort(np.delete(shop.popularity[: shop.items], had))[::-1]
            expected = [int(i) for i in row[:k] if i in wanted and not shop.popularity[i] >= left[k - 1]]
            assert values[user] == pytest.approx(len(expected) / k, abs=1e-12)


PAIR = np.asarray(world().popularity)[[1, 2]]  # of the second user's list in the suite


class Shown(MetricSuite):
    """Only what is shown counts, relevant or not; an empty list says nothing."""

    best = None
    empty = float("nan")
    by_hits = False


class TestPopularity(Shown):
    name = "popularity"
    untrue = float((PAIR / 60).sum() / 2)


class TestNovelty(Shown):
    name = "novelty"
    high = log2(61)
    untrue = float(np.log2(61 / (PAIR + 1)).sum() / 2)


class TestTailShare(Shown):
    name = "tail-share"
    untrue = float(find("metric", "tail-share").each(lists_of([1, 2], truth=truth_of({})), 2, world())[0])


class TestSerendipity(MetricSuite):
    name = "serendipity"
    best = None
    by_hits = False  # an earlier hit may be one that popularity would have shown

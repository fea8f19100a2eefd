"""Discounted cumulative gain, with binary or graded relevance.

Each metric is 0 for a user who has relevant items but no recommendations, and NaN for a user without relevant items.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.accuracy import over
from visrec_cli.metrics.base import ItemStats, Lists, Metric, PerUser

_DISCOUNT = "discount of Burges et al. 2005"


def worth(k: int) -> PerUser:
    """(k,) discount of each position r, from 1: 1 / log2(r + 1)."""
    return 1 / np.log2(np.arange(2, k + 2))


class Ndcg(Metric):
    """Normalised discounted cumulative gain with binary relevance."""

    name = "ndcg"
    sentence = "The gain of the first k places as a share of the best possible gain; early places count more."
    formula = "sum over places r ≤ k of hit(r) / log2(r + 1)  ÷  the same sum for the best order"
    source = f"Järvelin & Kekäläinen 2002, binary gains; {_DISCOUNT}"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        rows, places = np.nonzero(lists.hits[:, :k])
        most = np.minimum(lists.relevant, k)
        discount = worth(max(int(most.max(initial=0)), lists.items.shape[1]))
        gained = np.bincount(rows, discount[places], minlength=len(lists.items))
        return over(gained, np.concatenate([[0.0], np.cumsum(discount)])[most])


class NdcgGraded(Metric):
    """Normalised discounted cumulative gain with grades as gains."""

    name = "ndcg-graded"
    sentence = "As ndcg, with the grade of an item as its gain: a 5 counts five times as much as a 1."
    formula = "sum over places r ≤ k of grade(r) / log2(r + 1)  ÷  the same sum for the best order"
    source = f"Järvelin & Kekäläinen 2002; {_DISCOUNT}"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return _graded(lists, k, lambda grades: grades)


class NdcgExp(Metric):
    """Normalised discounted cumulative gain with exponential gains."""

    name = "ndcg-exp"
    sentence = "As ndcg-graded, but each grade counts about twice as much as the grade below it."
    formula = "sum over places r ≤ k of (2^grade(r) - 1) / log2(r + 1)  ÷  the same sum for the best order"
    source = "Burges et al. 2005, eq. 6"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return _graded(lists, k, lambda grades: np.exp2(grades) - 1)


def _graded(lists: Lists, k: int, gain: Callable[[PerUser], PerUser]) -> PerUser:
    rows, places = np.nonzero(lists.hits[:, :k])
    gains = gain(lists.gains[rows, places].astype(np.float64))
    gained = np.bincount(rows, gains / np.log2(places + 2), minlength=len(lists.items))
    best_rows, best_places, grades = _best(lists)
    within = best_places < k
    ideal = np.bincount(
        best_rows[within], gain(grades[within]) / np.log2(best_places[within] + 2), minlength=len(lists.items)
    )
    return over(gained, ideal)


def _best(lists: Lists) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], PerUser]:
    """Row, position and grade of every relevant item, in the best possible order."""
    rows = np.repeat(np.arange(len(lists.items)), lists.relevant)
    grades = lists.truth.data.astype(np.float64)
    grades = grades[np.lexsort((-grades, rows))]
    return rows, np.arange(len(rows)) - lists.truth.indptr[rows], grades

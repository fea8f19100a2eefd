"""Discounted cumulative gain, with binary or graded relevance.

All are 0 for a user who has relevant items and was recommended nothing, and NaN for a user without relevant items.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.accuracy import over
from visrec_cli.metrics.base import ItemStats, Lists, Metric, PerUser

_DISCOUNT = "discount of Burges et al. 2005"


def worth(k: int) -> PerUser:
    """(k,) what a hit in each place is worth: 1 / log2(place + 1)."""
    return 1 / np.log2(np.arange(2, k + 2))


class Ndcg(Metric):
    """Relevant items, and early."""

    name = "ndcg"
    sentence = "How much of the best possible gain the first k places have, early places counting more."
    formula = "sum over places r ≤ k of hit(r) / log2(r + 1)  ÷  the same sum for the best order"
    source = f"Järvelin & Kekäläinen 2002, binary gains; {_DISCOUNT}"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) in [0, 1]."""
        rows, places = np.nonzero(lists.hits[:, :k])
        most = np.minimum(lists.relevant, k)
        discount = worth(max(int(most.max(initial=0)), lists.items.shape[1]))
        gained = np.bincount(rows, discount[places], minlength=len(lists.items))
        return over(gained, np.concatenate([[0.0], np.cumsum(discount)])[most])


class NdcgGraded(Metric):
    """The most liked first."""

    name = "ndcg-graded"
    sentence = "As ndcg, where an item is worth its grade: a 5 is worth five times a 1."
    formula = "sum over places r ≤ k of grade(r) / log2(r + 1)  ÷  the same sum for the best order"
    source = f"Järvelin & Kekäläinen 2002; {_DISCOUNT}"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) in [0, 1]."""
        return _graded(lists, k, lambda grades: grades)


class NdcgExp(Metric):
    """The most liked first, by far."""

    name = "ndcg-exp"
    sentence = "As ndcg-graded, where each grade is worth about twice the one below."
    formula = "sum over places r ≤ k of (2^grade(r) - 1) / log2(r + 1)  ÷  the same sum for the best order"
    source = "Burges et al. 2005, eq. 6"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) in [0, 1]."""
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
    """The best order of what is relevant: row, place and grade of each."""
    rows = np.repeat(np.arange(len(lists.items)), lists.relevant)
    grades = lists.truth.data.astype(np.float64)
    grades = grades[np.lexsort((-grades, rows))]
    return rows, np.arange(len(rows)) - lists.truth.indptr[rows], grades

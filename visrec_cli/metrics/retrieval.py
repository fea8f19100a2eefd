"""Image retrieval metrics, computed for each query at the depth of its class size.

The depth is R, the number of items that are relevant to the query. In a list shorter than R, the missing positions are
misses.
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.accuracy import over
from visrec_cli.metrics.base import ItemStats, Lists, Metric, PerUser


class RPrecision(Metric):
    """Precision at depth R."""

    name = "r-precision"
    sentence = "The share of the first R places that hold a relevant item, where R is the number of relevant items."
    formula = "hits@R / R, R = relevant"
    source = "Manning, Raghavan & Schütze 2008, ch. 8; of classes of pictures: Musgrave, Belongie & Lim 2020"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]; NaN without relevant items."""
        rows, _ = _hits_within(lists)
        return over(np.bincount(rows, minlength=len(lists.items)), lists.relevant)


class MapR(Metric):
    """Average precision at depth R."""

    name = "map-r"
    sentence = "As r-precision, but early hits count for more: the precision at each hit, averaged over R."
    formula = "sum over hits at r ≤ R of precision@r  ÷  R, R = relevant"
    source = "Musgrave, Belongie & Lim 2020, eq. 3 (MAP@R)"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]; NaN without relevant items."""
        rows, places = _hits_within(lists)
        nth = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
        return over(np.bincount(rows, nth / (places + 1), minlength=len(lists.items)), lists.relevant)


def _hits_within(lists: Lists) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row and position of the hits among the first R positions of each list."""
    rows, places = np.nonzero(lists.hits)
    within = places < lists.relevant[rows]
    return rows[within], places[within]

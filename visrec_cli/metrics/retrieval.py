"""Image retrieval metrics, each query at the depth of its class size.

The depth is R, the number of items that are relevant to the query. Lists that are shorter than R have misses there.
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.accuracy import over
from visrec_cli.metrics.base import ItemStats, Lists, Metric, PerUser


class RPrecision(Metric):
    """Precision at the depth at which it can be 1."""

    name = "r-precision"
    sentence = "The share of the first R places that hold a relevant item, R being how many there are."
    formula = "hits@R / R, R = relevant"
    source = "Manning, Raghavan & Schütze 2008, ch. 8; of classes of pictures: Musgrave, Belongie & Lim 2020"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) in [0, 1]; NaN without relevant items."""
        rows, _ = _hits_within(lists)
        return over(np.bincount(rows, minlength=len(lists.items)), lists.relevant)


class MapR(Metric):
    """Precision at every hit, down to the depth at which it can be 1."""

    name = "map-r"
    sentence = "As r-precision, where hits that stand early count for more: the mean of precision over the hits."
    formula = "sum over hits at r ≤ R of precision@r  ÷  R, R = relevant"
    source = "Musgrave, Belongie & Lim 2020, eq. 3 (MAP@R)"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) in [0, 1]; NaN without relevant items."""
        rows, places = _hits_within(lists)
        nth = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
        return over(np.bincount(rows, nth / (places + 1), minlength=len(lists.items)), lists.relevant)


def _hits_within(lists: Lists) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row and place of the hits among the first R places of each list."""
    rows, places = np.nonzero(lists.hits)
    within = places < lists.relevant[rows]
    return rows[within], places[within]

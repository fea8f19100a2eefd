"""Coverage of items and users."""

import numpy as np

from visrec_cli.metrics.base import Exposure, ItemStats, Lists, Metric, PerUser, Places


class Coverage(Exposure):
    """How much of the catalogue is ever shown."""

    name = "coverage"
    sentence = "The share of all items that are among the first k of at least one user (catalogue coverage)."
    formula = "items shown to anybody / items"
    source = "Ge, Delgado-Battenfeld & Jannach 2010, sec. 3.2"

    @staticmethod
    def of(shown: Places, item_stats: ItemStats) -> float:
        """In [0, 1]."""
        return float(np.count_nonzero(shown) / max(item_stats.items, 1))


class UserCoverage(Metric):
    """How many users get anything."""

    name = "user-coverage"
    sentence = "The share of users that are recommended at least one item that exists."
    formula = "1 if the list has a known item else 0"
    source = "Ge, Delgado-Battenfeld & Jannach 2010, sec. 3.1 (prediction coverage, for users)"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) 0 or 1."""
        known = (lists.items >= 0) & (lists.items < item_stats.items)
        return np.minimum(known.sum(axis=1), 1.0)


class Gini(Exposure):
    """How unequally items are shown."""

    name = "gini"
    sentence = "How unequally often the items are shown: 0 if all alike, near 1 if few have every place."
    formula = "sum over items, from the least shown, of (2 j - items - 1) shown(j)  ÷  items × all places"
    source = "Fleder & Hosanagar 2009, sec. 3.3; Gini 1912"
    better = "less"

    @staticmethod
    def of(shown: Places, item_stats: ItemStats) -> float:
        """In [0, 1 - 1 / items]; NaN where nothing is shown."""
        n, total = len(shown), shown.sum()
        if not total:
            return float("nan")
        return float((2 * np.arange(1, n + 1) - n - 1) @ np.sort(shown).astype(np.float64) / (n * total))

"""Coverage of items and users."""

import numpy as np

from visrec_cli.metrics.base import Exposure, ItemStats, Lists, Metric, PerUser, Places


class Coverage(Exposure):
    """Share of the catalogue that is shown to anybody."""

    name = "coverage"
    sentence = "The share of all items that appear in the first k places of at least one user (catalogue coverage)."
    formula = "items shown to anybody / items"
    source = "Ge, Delgado-Battenfeld & Jannach 2010, sec. 3.2"

    @staticmethod
    def of(shown: Places, item_stats: ItemStats) -> float:
        """Value in [0, 1]."""
        return float(np.count_nonzero(shown) / max(item_stats.items, 1))


class UserCoverage(Metric):
    """Share of the users who get any recommendation."""

    name = "user-coverage"
    sentence = "The share of users who are recommended at least one known item."
    formula = "1 if the list has a known item else 0"
    source = "Ge, Delgado-Battenfeld & Jannach 2010, sec. 3.1 (prediction coverage, for users)"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, 0 or 1."""
        known = (lists.items >= 0) & (lists.items < item_stats.items)
        return np.minimum(known.sum(axis=1), 1.0)


class Gini(Exposure):
    """Gini coefficient of how often items are shown."""

    name = "gini"
    sentence = "How unevenly places are spread over items: 0 if all are shown equally often, near 1 if few fill them."
    formula = "sum over items, from the least shown, of (2 j - items - 1) shown(j)  ÷  items × all places"
    source = "Fleder & Hosanagar 2009, sec. 3.3; Gini 1912"
    better = "less"

    @staticmethod
    def of(shown: Places, item_stats: ItemStats) -> float:
        """Value in [0, 1 - 1 / items]; NaN if nothing is shown."""
        n, total = len(shown), shown.sum()
        if not total:
            return float("nan")
        return float((2 * np.arange(1, n + 1) - n - 1) @ np.sort(shown).astype(np.float64) / (n * total))

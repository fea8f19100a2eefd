"""Intra-list diversity and calibration."""

import numpy as np
import scipy.sparse as sp

from visrec_cli.metrics.accuracy import over
from visrec_cli.metrics.base import ItemStats, Lists, Metric, PerUser
from visrec_cli.tables.vectors import Mask

SMOOTHING = 0.01
"""Share of the history that is mixed into the shown items, so that a missing category has a finite cost."""


class Diversity(Metric):
    """Mean dissimilarity of the shown items."""

    name = "diversity"
    sentence = (
        "How different the shown items are from each other, by any embedding of the items (of pictures: visual "
        "diversity); 0 if all are the same. Items without a vector are skipped."
    )
    formula = "1 - mean over pairs of shown items of cos(a, b)"
    source = "Ziegler et al. 2005, sec. 3.3 (intra-list similarity), as a mean: Zhang & Hurley 2008"
    better = ""
    needs = ("vectors",)

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 2]; NaN with fewer than two items that have a vector."""
        if item_stats.vectors is None or item_stats.has_vector is None:
            return np.full(len(lists.items), np.nan)
        shown = _shown(lists, k, item_stats.has_vector)
        n = np.diff(shown.indptr)
        # the sum of all cosines is the squared length of the sum of the vectors; no matrix of pairs is needed
        square = (np.asarray(shown @ item_stats.vectors, np.float64) ** 2).sum(axis=1)
        return np.clip(1 - over(square - n, n * (n - 1)), 0, 2)


class Miscalibration(Metric):
    """Kullback-Leibler divergence between the categories of the history and of the shown items."""

    name = "miscalibration"
    sentence = (
        "How far the mix of categories shown is from the mix in the user's own history: 0 if they agree, 4.6 if none "
        "of the user's categories is shown. An item of several categories counts in equal parts for each."
    )
    formula = "sum over categories of p log(p / (0.99 q + 0.01 p)), p of the history by weight, q of the shown items"
    source = "Steck 2018, eqs. 2 to 6, α = 0.01, natural logarithm"
    better = "less"
    needs = ("history", "categories")

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, -log 0.01].

        Parameters
        ----------
        lists : Lists
            The lists to evaluate, with the history of each user. An empty list has the worst value.
        k : int
            Number of positions to look at.
        item_stats : ItemStats
            Properties of the items, with categories.

        Returns
        -------
        PerUser
            (users,) values; NaN for a history without categories.
        """
        if item_stats.categories is None or lists.history is None:
            return np.full(len(lists.items), np.nan)
        wanted = _mix(lists.history @ item_stats.categories)
        got = _mix(_shown(lists, k, np.arange(item_stats.items + 1) < item_stats.items) @ item_stats.categories)
        # log(p / ((1 - α) q + α p)) is -log α where q is 0; only the other cells are stored, and differ from that
        both = sp.csr_matrix(got.multiply(wanted.power(-1)))
        both.data = np.log1p((1 / SMOOTHING - 1) * both.data)
        gained = np.asarray(wanted.multiply(both).sum(axis=1)).ravel()
        known = np.diff(wanted.indptr) > 0
        return np.where(known, np.maximum(-np.log(SMOOTHING) - gained, 0), np.nan)


def _shown(lists: Lists, k: int, counted: Mask) -> sp.csr_matrix:
    """(users, items + 1) csr: 1 for each item in the first k positions that is True in ``counted``, (items + 1,)."""
    items = lists.items[:, :k]
    valid = (items >= 0) & counted[items]
    indptr = np.concatenate([[0], np.cumsum(valid.sum(axis=1))])
    ones = np.ones(int(indptr[-1]), np.float32)
    return sp.csr_matrix((ones, items[valid], indptr), shape=(len(items), len(counted)))


def _mix(amounts: sp.csr_matrix) -> sp.csr_matrix:
    """The rows divided by their sums; rows of zeros stay as they are."""
    amounts = sp.csr_matrix(amounts, dtype=np.float64)
    amounts.eliminate_zeros()
    amounts.data /= np.repeat(np.asarray(amounts.sum(axis=1)).ravel(), np.diff(amounts.indptr))
    return amounts

"""Popularity, novelty and serendipity.

An item's popularity is the number of users who had it in training. Unknown items are skipped. The value for an empty
list is NaN, not 0; serendipity is the exception.
"""

import numpy as np

from visrec_cli.metrics.accuracy import over
from visrec_cli.metrics.base import WHOLE, ItemStats, Lists, Metric, PerUser, Places
from visrec_cli.tables.vectors import Mask

HEAD = 0.8
"""Share of all interactions that belong to the head of the catalogue."""


class MeanPopularity(Metric):
    """Mean popularity of the shown items."""

    name = "popularity"
    sentence = "The share of users who had the item before, averaged over the shown items."
    formula = "mean over shown items of users(item) / users"
    source = "Yin et al. 2012, sec. 5.2.2; averaged over lists as Abdollahpouri et al. 2019 (ARP)"
    better = ""
    needs = ("popularity",)

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return mean_shown(lists, k, item_stats, _popularity(item_stats) / max(item_stats.users, 1))


class Novelty(Metric):
    """Mean self-information of the shown items."""

    name = "novelty"
    sentence = "How rare the shown items are: the information, in bits, of a random user having had one; averaged."
    formula = "mean over shown items of -log2((users(item) + 1) / (users + 1))"
    source = "Zhou et al. 2010 (mean self-information); adding 1 keeps the value finite for items that nobody had"
    better = ""
    needs = ("popularity",)

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user in bits, from 0 to log2(users + 1)."""
        return mean_shown(lists, k, item_stats, np.log2((item_stats.users + 1) / (_popularity(item_stats) + 1)))


class TailShare(Metric):
    """Share of the list that is from the long tail."""

    name = "tail-share"
    sentence = (
        "The share of shown items outside the head. The head is the most popular items that together have 80 % of "
        "the interactions in training, including items tied with the last of them."
    )
    formula = "shown items outside the head / shown items"
    source = "Abdollahpouri, Burke & Mobasher 2019 (APLT), head and tail split at the 80 % of Pareto"
    better = ""
    needs = ("popularity",)

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        popularity = _popularity(item_stats)
        first = np.sort(popularity)[::-1]
        before = np.concatenate([[0], np.cumsum(first)])[more_popular(popularity)]
        return mean_shown(lists, k, item_stats, ~((before < HEAD * first.sum()) & (popularity > 0)))


class Serendipity(Metric):
    """Hits that a list of popular items would not have."""

    name = "serendipity"
    sentence = (
        "The share of the first k places with a relevant item that is not among the k most popular items; these are "
        "counted without the user's history and include items tied with the last of them."
    )
    formula = "hits@k that have at least k more popular candidates / k"
    source = "Ge, Delgado-Battenfeld & Jannach 2010, sec. 4, with popularity as the primitive recommender"
    needs = ("history", "popularity")

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, precision@k].

        Parameters
        ----------
        lists : Lists
            The lists to evaluate, with the history of each user.
        k : int
            Number of positions to look at; for ``WHOLE``, the length of the list.
        item_stats : ItemStats
            Properties of the items, with popularity.

        Returns
        -------
        PerUser
            (users,) values; NaN for users without relevant items.
        """
        hits = lists.hits[:, :k]
        length = np.maximum((lists.items >= 0).sum(axis=1), 1) if k == WHOLE else np.full(len(hits), k)
        rows, places = np.nonzero(hits)
        ahead = more_popular(_popularity(item_stats))
        better = ahead[lists.items[rows, places]] - _had_more_popular(lists, ahead, rows, places)
        surprising = np.bincount(rows[better >= length[rows]], minlength=len(hits))
        return np.where(lists.relevant > 0, surprising / length, np.nan)


def mean_shown(lists: Lists, k: int, item_stats: ItemStats, worth: PerUser | Mask) -> PerUser:
    """(users,) mean of ``worth``, (items + 1,), over the known items in the first k positions."""
    items = lists.items[:, :k]
    known = (items >= 0) & (items < item_stats.items)
    return over((worth[items] * known).sum(axis=1), known.sum(axis=1))


def more_popular(popularity: Places) -> Places:
    """(items + 1,) number of items that are more popular than each item."""
    ascending = np.sort(popularity)
    return len(popularity) - np.searchsorted(ascending, popularity, side="right")


def _popularity(item_stats: ItemStats) -> Places:
    return np.zeros(item_stats.items + 1, np.int64) if item_stats.popularity is None else item_stats.popularity


def _had_more_popular(lists: Lists, ahead: Places, rows: Places, places: Places) -> Places:
    """For each of these positions, the number of more popular items in the history of that user."""
    if lists.history is None:
        return np.zeros(len(rows), np.int64)
    width = lists.history.shape[1]
    owner = np.repeat(np.arange(len(lists.items), dtype=np.int64), np.diff(lists.history.indptr))
    seen_keys = np.sort(owner * width + ahead[lists.history.indices])
    place_keys = rows * width + ahead[lists.items[rows, places]]
    return np.searchsorted(seen_keys, place_keys) - lists.history.indptr[rows]

"""Ranking metrics against relevant items: precision, recall, MAP, MRR, AUC and others.

Each metric is 0 for a user who has relevant items but no recommendations, and NaN for a user without relevant items.
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.base import WHOLE, ItemStats, Lists, Metric, PerUser

_BOOK = "Manning, Raghavan & Schütze 2008, ch. 8"


def over(gained: npt.NDArray[np.number], possible: npt.NDArray[np.number]) -> PerUser:
    """(users,) quotient of two arrays; NaN where ``possible`` is 0."""
    return np.divide(gained, possible, out=np.full(len(gained), np.nan), where=possible > 0, casting="unsafe")


def found(lists: Lists, k: int) -> npt.NDArray[np.int64]:
    """(users,) number of hits among the first k positions."""
    return np.count_nonzero(lists.hits[:, :k], axis=1)


class Precision(Metric):
    """Share of the positions that are hits."""

    name = "precision"
    sentence = "The share of the first k places that hold a relevant item; an empty place holds none."
    formula = "hits@k / k"
    source = _BOOK

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]. Over the whole list, k is the length of the list."""
        length = np.maximum((lists.items >= 0).sum(axis=1), 1) if k == WHOLE else k
        return np.where(lists.relevant > 0, found(lists, k) / length, np.nan)


class Recall(Metric):
    """Share of the relevant items that are shown."""

    name = "recall"
    sentence = "The share of the relevant items that are among the first k."
    formula = "hits@k / relevant"
    source = _BOOK

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return over(found(lists, k), lists.relevant)


class RecallMin(Metric):
    """Recall, relative to the number of hits that k positions can hold."""

    name = "recall-min"
    sentence = "As recall, but a user with more than k relevant items can also reach 1."
    formula = "hits@k / min(k, relevant)"
    source = "Liang et al. 2018, eq. 8"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return over(found(lists, k), np.minimum(lists.relevant, k))


class F1(Metric):
    """Harmonic mean of precision and recall."""

    name = "f1"
    sentence = "The harmonic mean of precision and recall; 0 without a hit."
    formula = "2 hits@k / (k + relevant)"
    source = "van Rijsbergen 1979, ch. 7"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]; computed per user, not from the two means."""
        precision, recall = Precision.each(lists, k, item_stats), Recall.each(lists, k, item_stats)
        both = precision + recall
        return np.where(both == 0, 0, over(2 * precision * recall, both))


class Hit(Metric):
    """Hit rate: whether there is at least one hit."""

    name = "hit"
    sentence = "The share of users with at least one relevant item among the first k (hit rate)."
    formula = "1 if hits@k > 0 else 0"
    source = "Deshpande & Karypis 2004"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, 0 or 1."""
        return np.where(lists.relevant > 0, found(lists, k) > 0, np.nan)


class Map(Metric):
    """Average precision, relative to the number of hits that k positions can hold."""

    name = "map"
    sentence = "The precision at the place of each hit, averaged over the hits that k places can hold."
    formula = "sum over hits at r ≤ k of precision@r  ÷  min(k, relevant)"
    source = "Manning, Raghavan & Schütze 2008, ch. 8; cut at k as by Kaggle's and RecBole's MAP@k"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return over(_precisions(lists, k), np.minimum(lists.relevant, k))


class MapAll(Metric):
    """Average precision, relative to the number of relevant items."""

    name = "map-all"
    sentence = "As map, but divided by all relevant items, so that a user with more than k of them cannot reach 1."
    formula = "sum over hits at r ≤ k of precision@r  ÷  relevant"
    source = "trec_eval, map_cut"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        return over(_precisions(lists, k), lists.relevant)


class Mrr(Metric):
    """Reciprocal rank of the first hit."""

    name = "mrr"
    sentence = "One divided by the place of the first relevant item; 0 if it is not among the first k."
    formula = "1 / place of the first hit"
    source = "Voorhees 1999 (TREC-8 question answering)"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]."""
        first = lists.hits[:, :k].argmax(axis=1)
        return np.where(lists.relevant > 0, (found(lists, k) > 0) / (first + 1), np.nan)


class Auc(Metric):
    """Area under the ROC curve: how many pairs of a relevant and an irrelevant item are in the right order."""

    name = "auc"
    sentence = (
        "The share of pairs of a relevant and an irrelevant candidate in which the relevant one is ranked first; "
        "candidates that are not in the list come after it, all tied."
    )
    formula = "(pairs in order + tied pairs / 2) / (relevant × irrelevant candidates)"
    source = "Rendle et al. 2009, sec. 3; ties count half as in Mann & Whitney 1947"
    takes_k = False

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]; candidates are all items outside the history, NaN if all are relevant."""
        listed, hits = lists.items >= 0, lists.hits
        wrong_before = np.cumsum(listed & ~hits, axis=1)
        wrong_listed = wrong_before[:, -1]
        wrong = np.maximum(item_stats.items - lists.relevant - _known_before(lists), wrong_listed)
        in_order = (hits * (wrong[:, None] - wrong_before)).sum(axis=1)
        unlisted = lists.relevant - hits.sum(axis=1)
        return over(in_order + unlisted * (wrong - wrong_listed) / 2, lists.relevant * wrong)


def _precisions(lists: Lists, k: int) -> PerUser:
    """(users,) sum of the precisions at the positions of the hits."""
    rows, places = np.nonzero(lists.hits[:, :k])
    nth = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    return np.bincount(rows, nth / (places + 1), minlength=len(lists.items)).astype(np.float64)


def _known_before(lists: Lists) -> npt.NDArray[np.int64]:
    """(users,) number of items of the history that are neither relevant nor listed, and so are no candidates."""
    if lists.history is None:
        return np.zeros(len(lists.items), np.int64)
    return np.diff((lists.history > lists.history.multiply(lists.truth > 0)).tocsr().indptr).astype(np.int64)

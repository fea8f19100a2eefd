"""Rating errors over the held-out ratings that have a prediction.

Recommended items without a held-out rating are ignored, and so are held-out ratings without a prediction.
"""

import numpy as np

from visrec_cli.metrics.base import ItemStats, Lists, PerUser, Pooled
from visrec_cli.tables.vectors import Mask, Matrix


class Rmse(Pooled):
    """Root mean squared error."""

    name = "rmse"
    sentence = "The typical error of predicted ratings; large errors count more. All ratings count equally."
    formula = "sqrt(mean over ratings of (score - rating)²)"
    source = "Netflix Prize rules 2006"
    better = "less"

    @staticmethod
    def sums(lists: Lists, item_stats: ItemStats) -> tuple[PerUser, PerUser]:
        """Squared errors, and their number."""
        predicted, wrong = _errors(lists)
        return (wrong**2).sum(axis=1), predicted.sum(axis=1).astype(np.float64)

    @staticmethod
    def finish(mean: PerUser) -> PerUser:
        """The square root."""
        return np.sqrt(mean)


class Mae(Pooled):
    """Mean absolute error."""

    name = "mae"
    sentence = "The mean absolute error of predicted ratings. All ratings count equally."
    formula = "mean over ratings of |score - rating|"
    source = "Shardanand & Maes 1995"
    better = "less"

    @staticmethod
    def sums(lists: Lists, item_stats: ItemStats) -> tuple[PerUser, PerUser]:
        """Absolute errors, and their number."""
        predicted, wrong = _errors(lists)
        return np.abs(wrong).sum(axis=1), predicted.sum(axis=1).astype(np.float64)


class Accuracy(Pooled):
    """Share of ratings that are predicted on the right side of the threshold for a like."""

    name = "accuracy"
    sentence = "The share of ratings where score and rating agree on whether the item is liked."
    formula = "mean over ratings of [score ≥ like] = [rating ≥ like], like being --min-weight, or the mean rating"
    source = "Herlocker et al. 2004, sec. 4.2"

    @staticmethod
    def sums(lists: Lists, item_stats: ItemStats) -> tuple[PerUser, PerUser]:
        """Ratings on the same side of ``item_stats.like`` as their prediction, and the number of ratings."""
        predicted = _predicted(lists)
        agree = (_scores(lists) >= item_stats.like) == (lists.gains >= item_stats.like)
        return (agree & predicted).sum(axis=1).astype(np.float64), predicted.sum(axis=1).astype(np.float64)


def _scores(lists: Lists) -> Matrix:
    return np.full(lists.items.shape, np.nan, np.float32) if lists.scores is None else lists.scores


def _predicted(lists: Lists) -> Mask:
    """(users, k) places with a held-out rating and a finite score."""
    return lists.hits & np.isfinite(_scores(lists))


def _errors(lists: Lists) -> tuple[Mask, PerUser]:
    """Mask of the positions that count, and (users, k) errors of the scores there, 0 elsewhere."""
    predicted = _predicted(lists)
    wrong = np.zeros(lists.items.shape)
    np.subtract(_scores(lists), lists.gains, out=wrong, where=predicted, dtype=np.float64)
    return predicted, wrong

"""Blending of several models' scores into one ranking."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visrec_cli.ranking.rank_fusion import fuse_ranks

Scores = npt.NDArray[np.float32]


def standardised(scores: Scores) -> Scores:
    """(n, m): each row with mean 0 and variance 1 over what is scored; 0 where it is not (-inf).

    So an item that one model cannot score counts there as an average one: neither for it nor against it. A row of
    equal scores says nothing and becomes zeros. Source: "zero-mean unit-variance", Montague & Aslam 2001 (CIKM).
    """
    finite = np.isfinite(scores)
    n = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    values = np.where(finite, scores, 0).astype(np.float64)
    values -= values.sum(axis=1, keepdims=True) / n
    values[~finite] = 0
    spread = np.sqrt((values**2).sum(axis=1, keepdims=True) / n)
    largest = np.where(finite, np.abs(scores), 0).max(axis=1, keepdims=True, initial=0)
    flat = spread <= 1e-6 * np.maximum(largest, 1e-30)  # what rounding leaves of equal scores
    return np.divide(values, spread, out=np.zeros_like(values), where=~flat).astype(np.float32)


def blend_scores(scores: Sequence[Scores], weights: Sequence[float]) -> Scores:
    """(n, m): the weighted mean of the models' standardised scores; -inf where no model has any.

    scores: (n, m) per model, -inf where it has none. weights: one per model, not all 0; only their ratios matter.
    """
    total = np.zeros(scores[0].shape, np.float32)
    for one, weight in zip(scores, weights, strict=True):
        total += np.float32(weight / sum(weights)) * standardised(one)
    total[~np.any([np.isfinite(one) for one in scores], axis=0)] = -np.inf
    return total


def blend_ranks(
    scores: Sequence[Scores], weights: Sequence[float], *, depth: int, lots: npt.NDArray[np.int64]
) -> Scores:
    """(n, m): reciprocal rank fusion of each model's first ``depth`` items (see fuse_ranks); -inf for all others.

    lots: (m,) who goes first among equal scores.
    """
    of_lot = np.argsort(lots)
    total = np.full(scores[0].shape, -np.inf, np.float32)
    for row in range(len(total)):
        rankings = [_first(one[row], depth, lots) for one in scores]
        fused, drawn = fuse_ranks([lots[ranking] for ranking in rankings], weights)  # ties by lot, not by row
        total[row, of_lot[drawn]] = fused
    return total


def _first(scores: Scores, depth: int, lots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    order = np.lexsort((lots, -scores))[:depth]
    return order[np.isfinite(scores[order])]

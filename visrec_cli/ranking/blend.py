"""Blending of several models' scores into one ranking."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from visrec_cli.ranking.rank_fusion import fuse_ranks

Scores = npt.NDArray[np.float32]


def standardised(scores: Scores) -> Scores:
    """Scale each row to mean 0 and variance 1 over its finite scores.

    An item that a model cannot score gets 0 and so counts as an average one. A row of equal scores becomes zeros.

    Parameters
    ----------
    scores : Scores
        (n, m) float32, -inf where there is no score.

    Returns
    -------
    Scores
        (n, m) float32, 0 where there is no score.

    References
    ----------
    "Zero-mean unit-variance" of Montague & Aslam 2001 (CIKM).
    """
    finite = np.isfinite(scores)
    n = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    values = np.where(finite, scores, 0).astype(np.float64)
    values -= values.sum(axis=1, keepdims=True) / n
    values[~finite] = 0
    spread = np.sqrt((values**2).sum(axis=1, keepdims=True) / n)
    largest = np.where(finite, np.abs(scores), 0).max(axis=1, keepdims=True, initial=0)
    flat = spread <= 1e-6 * np.maximum(largest, 1e-30)  # equal scores, up to rounding
    return np.divide(values, spread, out=np.zeros_like(values), where=~flat).astype(np.float32)


def blend_scores(scores: Sequence[Scores], weights: Sequence[float]) -> Scores:
    """Blend the scores of several models: the weighted mean of their standardised scores.

    Parameters
    ----------
    scores : Sequence[Scores]
        (n, m) float32 per model, -inf where it has no score.
    weights : Sequence[float]
        One weight per model, not all 0; only their ratios matter.

    Returns
    -------
    Scores
        (n, m) float32; -inf where no model has a score.
    """
    total = np.zeros(scores[0].shape, np.float32)
    for one, weight in zip(scores, weights, strict=True):
        total += np.float32(weight / sum(weights)) * standardised(one)
    total[~np.any([np.isfinite(one) for one in scores], axis=0)] = -np.inf
    return total


def blend_ranks(
    scores: Sequence[Scores], weights: Sequence[float], *, depth: int, tie_order: npt.NDArray[np.int64]
) -> Scores:
    """Blend the rankings of several models, by reciprocal rank fusion (see ``fuse_ranks``).

    Parameters
    ----------
    scores : Sequence[Scores]
        (n, m) float32 per model, -inf where it has no score.
    weights : Sequence[float]
        One weight per model, not all 0; only their ratios matter.
    depth : int
        Number of items of each model that take part.
    tie_order : npt.NDArray[np.int64]
        (m,) order of items with equal scores.

    Returns
    -------
    Scores
        (n, m) float32; -inf for items outside of all rankings.
    """
    row_of = np.argsort(tie_order)
    total = np.full(scores[0].shape, -np.inf, np.float32)
    for row in range(len(total)):
        rankings = [_first(one[row], depth, tie_order) for one in scores]
        ranks = [tie_order[ranking] for ranking in rankings]  # so that ties are not ordered by row
        fused, positions = fuse_ranks(ranks, weights)
        total[row, row_of[positions]] = fused
    return total


def _first(scores: Scores, depth: int, tie_order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    order = np.lexsort((tie_order, -scores))[:depth]
    return order[np.isfinite(scores[order])]

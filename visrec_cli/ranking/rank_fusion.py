"""Reciprocal rank fusion."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_K = 60


def fuse_ranks(
    rankings: Sequence[npt.NDArray[np.int64]], weights: Sequence[float] | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Fuse rankings: an item earns weight / (60 + rank) from every ranking that contains it.

    Parameters
    ----------
    rankings : Sequence[npt.NDArray[np.int64]]
        Row numbers, best first; no row twice within a ranking.
    weights : Sequence[float] | None, default=None
        One weight per ranking; None for all 1.

    Returns
    -------
    tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
        Scores, divided by the score of an item that leads every ranking (so that 1 is the maximum), and row numbers;
        best first, ties ordered by row.

    References
    ----------
    Cormack, Clarke & Büttcher 2009 (SIGIR), k = 60.
    """
    weights = [1.0] * len(rankings) if weights is None else weights
    rows, place = np.unique(np.concatenate(rankings), return_inverse=True)
    earned = np.zeros(len(rows))
    start = 0
    for ranking, weight in zip(rankings, weights, strict=True):
        earned[place[start : start + len(ranking)]] += weight / (_K + np.arange(1, len(ranking) + 1))
        start += len(ranking)
    scores = (earned * (_K + 1) / sum(weights)).astype(np.float32)
    order = np.lexsort((rows, -scores))
    return scores[order], rows[order]

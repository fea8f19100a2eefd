"""One ranking out of several."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_K = 60


def fuse_ranks(rankings: Sequence[npt.NDArray[np.int64]]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Reciprocal rank fusion: an item earns 1 / (60 + rank) from every ranking that holds it.

    rankings: row numbers, best first, none twice within a ranking. Returns scores, divided by what an item that leads
    every ranking earns (so 1.0 is the most there can be), and the rows, best first; equal scores by row.
    Source: Cormack, Clarke & Büttcher 2009 (SIGIR), k = 60.
    """
    rows, place = np.unique(np.concatenate(rankings), return_inverse=True)
    earned = np.zeros(len(rows))
    start = 0
    for ranking in rankings:
        earned[place[start : start + len(ranking)]] += 1 / (_K + np.arange(1, len(ranking) + 1))
        start += len(ranking)
    scores = (earned * (_K + 1) / len(rankings)).astype(np.float32)
    order = np.lexsort((rows, -scores))
    return scores[order], rows[order]

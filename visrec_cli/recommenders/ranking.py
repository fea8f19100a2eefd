"""The best k of a row of scores, without favour among equals."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.tables.columns import Mask, Matrix


def lots(ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """(n,) a rank for each id, drawn by its hash: who goes first among equal scores.

    Order of file would be no draw: catalogues are sorted by age or popularity, and a model that gives every item
    the same score would seem to know something. The same id always draws the same lot.
    """
    drawn = [hashlib.blake2b(one.encode(), digest_size=8).digest() for one in ids]
    places = np.empty(len(ids), np.int64)
    places[np.argsort(np.array(drawn, dtype="S8"), kind="stable")] = np.arange(len(ids))
    return places


def top_k(
    scores: Matrix,
    k: int,
    *,
    lots: npt.NDArray[np.int64],
    exclude: sp.csr_matrix | None = None,
    allowed: Mask | None = None,
) -> tuple[npt.NDArray[np.int64], Matrix]:
    """``(columns, scores)``, each (n, min(k, m)), best first; column -1 and score -inf where there are no more.

    scores: (n, m), overwritten. exclude: (n, m) csr whose stored places are no candidates (what a user has seen).
    allowed: (m,) bool. Equal scores go by ``lots``.
    """
    n, m = scores.shape
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    if exclude is not None:
        scores[np.repeat(np.arange(n), np.diff(exclude.indptr)), exclude.indices] = -np.inf
    k = min(k, m)
    if n == 0 or k == 0:
        return np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    bar = np.partition(scores, m - k, axis=1)[:, m - k]  # the k-th best of each row
    bar = np.where(np.isneginf(bar), np.finfo(np.float32).min, bar)  # what is out stays out
    rows, columns = np.nonzero(scores >= bar[:, None])
    values = scores[rows, columns]
    order = np.lexsort((lots[columns], -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    keep = place < k
    best = np.full((n, k), -1, np.int64)
    best_scores = np.full((n, k), -np.inf, np.float32)
    best[rows[keep], place[keep]] = columns[keep]
    best_scores[rows[keep], place[keep]] = values[keep]
    return best, best_scores

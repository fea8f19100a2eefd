"""Exact re-scoring of approximate candidates.

A matrix product rounds differently from block to block. Two equal vectors can come out a few ulps apart and swap places
when the file order or the block size changes. Here each pair is multiplied in float64, where a product of two float32
is exact, and summed on its own, so that a score depends on its two vectors alone.
"""

import numpy as np

from visrec_cli.tables.unit_vectors import UnitVectors
from visrec_cli.tables.vectors import Matrix, Rows

NOTHING = -1
"""Row number that fills up a list with too few entries."""

_PAIRS_BYTES = 1 << 20  # products at a time, to fit into the processor's cache


def slack(width: int) -> np.float32:
    """Bound on the difference between two float32 sums of the same products.

    Two such sums differ by about sqrt(width) roundings; eight times that on either side is never reached in practice.

    Parameters
    ----------
    width : int
        Number of products, of two vectors of length 1.

    Returns
    -------
    np.float32
        The bound.

    References
    ----------
    Higham & Mary 2019, SIAM J. Sci. Comput. 41(5).
    """
    return np.float32(16 * np.sqrt(max(1, width)) * 2.0**-24)


def best_of(
    queries: Matrix, vectors: Matrix | UnitVectors, rows: Rows, k: int, *, rough: Matrix | None = None
) -> tuple[Matrix, Rows]:
    """Score the candidates of each query exactly and keep the k best; ties are ordered by row number, or by id.

    Parameters
    ----------
    queries : Matrix
        (q, d) float32, rows of length 1.
    vectors : Matrix | UnitVectors
        (n, d) float32, rows of length 1. Of vectors that are still in their column, ties are ordered by id.
    rows : Rows
        (q, m) candidates, no row twice; ``NOTHING`` where there is none.
    k : int
        Number of neighbours per query.
    rough : Matrix | None, default=None
        (q, m) plain float32 scores of the candidates, if known. Candidates that cannot reach the k best are then not
        scored again.

    Returns
    -------
    tuple[Matrix, Rows]
        Cosines (q, min(k, m)) float32, -inf beside ``NOTHING``, and their row numbers; best first.
    """
    if rough is not None:
        rows = _within_reach(rows, rough, k, slack(vectors.shape[1]))
    count, width = rows.shape
    scores = np.full(count * width, -np.inf, np.float32)
    flat = rows.reshape(-1)
    present = np.flatnonzero(flat != NOTHING)
    step = max(1, _PAIRS_BYTES // (8 * max(1, vectors.shape[1])))
    for start in range(0, len(present), step):
        part = present[start : start + step]
        products = vectors[flat[part]].astype(np.float64)
        products *= queries[part // width]
        scores[part] = products.sum(axis=1)
    table = scores.reshape(count, width)
    places = vectors.by_id(rows) if isinstance(vectors, UnitVectors) else rows
    order = np.lexsort((places, -table), axis=-1)[:, :k]
    return np.take_along_axis(table, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _within_reach(rows: Rows, rough: Matrix, k: int, slack: np.float32) -> Rows:
    """(q, m) as few candidates as surely contain the k best, in at least min(k, m) columns."""
    width = rows.shape[1]
    if width <= k:
        return rows
    rough = np.where(rows == NOTHING, -np.inf, rough)
    near = rough >= np.partition(rough, width - k, axis=1)[:, width - k, None] - slack
    left = np.argsort(~near, axis=1, kind="stable")[:, : max(k, int(near.sum(axis=1).max(initial=0)))]
    return np.where(np.take_along_axis(near, left, axis=1), np.take_along_axis(rows, left, axis=1), NOTHING)

"""Exact re-scoring of approximate candidates.

A matrix product rounds differently from block to block, so two equal vectors can come out a few ulps apart and
swap places when the file order or the block size changes. Here every pair is multiplied in float64 (where a product
of two float32 is exact) and summed by itself, so a score depends on its two vectors alone.
"""

import numpy as np

from visrec_cli.tables.vectors import Matrix, Rows

NOTHING = -1
"""The row number that fills a list which has fewer entries than asked."""

_PAIRS_BYTES = 1 << 20  # products at once: what fits into a processor's cache


def slack(width: int) -> np.float32:
    """By how much two float32 sums of the same ``width`` products, of vectors of length 1, may differ.

    Two of them differ by about sqrt(width) roundings (Higham & Mary 2019, SIAM J. Sci. Comput. 41(5)); eight times that
    on either side is never reached in practice.
    """
    return np.float32(16 * np.sqrt(max(1, width)) * 2.0**-24)


def best_of(
    queries: Matrix, vectors: Matrix, rows: Rows, k: int, *, rough: Matrix | None = None
) -> tuple[Matrix, Rows]:
    """The k best of each query's short list, best first; equal scores in the order of their rows.

    queries: (q, d), vectors: (n, d), both of length 1. rows: (q, m) candidates, no row twice, NOTHING where there is
    none. rough: (q, m) their scores by a plain float32 sum, where those are known: what cannot reach the k best is not
    scored again. Returns scores (q, min(k, m)) float32, -inf beside NOTHING, and their rows.
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
    order = np.lexsort((rows, -table), axis=-1)[:, :k]
    return np.take_along_axis(table, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _within_reach(rows: Rows, rough: Matrix, k: int, slack: np.float32) -> Rows:
    """(q, m) as few candidates as can be sure to hold the k best, and no fewer than min(k, m) columns."""
    width = rows.shape[1]
    if width <= k:
        return rows
    rough = np.where(rows == NOTHING, -np.inf, rough)
    near = rough >= np.partition(rough, width - k, axis=1)[:, width - k, None] - slack
    left = np.argsort(~near, axis=1, kind="stable")[:, : max(k, int(near.sum(axis=1).max(initial=0)))]
    return np.where(np.take_along_axis(near, left, axis=1), np.take_along_axis(rows, left, axis=1), NOTHING)

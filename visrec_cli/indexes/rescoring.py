"""The last word on a short list: exact scores, one order.

A matrix product rounds differently from block to block, so two equal vectors can come out a few ulps apart and
swap places when the file order or the block size changes. Here every pair is multiplied in float64 (where a product
of two float32 is exact) and summed by itself, so a score depends on its two vectors alone.
"""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

NOTHING = -1
"""The row number that fills a list which has fewer entries than asked."""

_PAIRS_BYTES = 32 << 20


def best_of(queries: Matrix, vectors: Matrix, rows: Rows, k: int) -> tuple[Matrix, Rows]:
    """The k best of each query's short list, best first; equal scores in the order of their rows.

    queries: (q, d), vectors: (n, d), both of length 1. rows: (q, m) candidates, no row twice, NOTHING where there is
    none. Returns scores (q, min(k, m)) float32, -inf beside NOTHING, and their rows.
    """
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

"""Exact nearest neighbours by cosine: blocked matrix products and a running short list.

Memory is bounded by the block size whatever the size of the catalogue: all items against all never make an n×n matrix.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from visrec_cli.indexes.rescoring import NOTHING, Matrix, Rows, best_of
from visrec_cli.runtime.device import gpu_likely

_SPARE = 16
"""Candidates kept beyond k, so that rounding cannot push one of the true k off the short list."""

_GPU_WORTH = 1e12
"""Multiplications, some ten seconds of a CPU, after which starting a GPU pays."""


class ExactIndex:
    """Compares every query with every vector. Rows of equal score come in ascending order, whatever the block size."""

    name = "exact"

    def __init__(self, *, block_rows: int = 8192, block_queries: int = 256) -> None:
        self.block_rows = block_rows
        self.block_queries = block_queries

    def build(self, vectors: Matrix) -> None:
        """Take the catalogue. vectors: (n, d) float32, rows of length 1."""
        self.vectors = vectors
        self._work = 0.0
        self._gpu: Callable[[Matrix, int], tuple[Matrix, Rows]] | None = None
        # Two sums of the same d products differ by about sqrt(d) roundings (Higham & Mary 2019, SIAM J. Sci.
        # Comput. 41(5)); eight times that on either side is never reached in practice.
        self._slack = np.float32(16 * np.sqrt(max(1, vectors.shape[1])) * 2.0**-24)

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """The k nearest of each query: scores (q, min(k, n)) float32 and rows (q, min(k, n)) int64, best first."""
        k = min(k, len(self.vectors))
        scores = np.empty((len(queries), k), np.float32)
        rows = np.empty((len(queries), k), np.int64)
        for start in range(0, len(queries) if k else 0, self.block_queries):
            part = slice(start, start + self.block_queries)
            scores[part], rows[part] = self._search_block(np.ascontiguousarray(queries[part], np.float32), k)
        return scores, rows

    def _search_block(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        self._count_work(queries)
        rough, short_list = (self._gpu or self._short_list)(queries, min(k + _SPARE, len(self.vectors)))
        scores, rows = best_of(queries, self.vectors, short_list, k)
        if short_list.shape[1] < len(self.vectors):
            # Where even the last spare candidate scores like the k-th, more of its equals may have been left out.
            kth = -np.partition(-rough, k - 1, axis=1)[:, k - 1]
            crowded = np.flatnonzero(rough.min(axis=1) >= kth - self._slack)
            for query, near in zip(crowded, self._all_above(queries[crowded], kth[crowded] - self._slack), strict=True):
                best = best_of(queries[query : query + 1], self.vectors, near[None, :], k)
                scores[query], rows[query] = best[0][0], best[1][0]
        return scores, rows

    def _count_work(self, queries: Matrix) -> None:
        """Go over to the GPU, if there seems to be one, once the CPU has worked for longer than starting it takes."""
        before, self._work = self._work, self._work + queries.size * len(self.vectors)
        if before < _GPU_WORTH <= self._work and gpu_likely():
            from visrec_cli.indexes.gpu import short_list_on_gpu

            self._gpu = short_list_on_gpu(self.vectors)

    def _short_list(self, queries: Matrix, size: int) -> tuple[Matrix, Rows]:
        """The ``size`` best rows by the plain matrix product, in no order."""
        best = np.full((len(queries), size), -np.inf, np.float32)
        rows = np.full((len(queries), size), NOTHING, np.int64)
        for start, scores in self._products(queries, first=4 * size):
            hits = np.flatnonzero(scores > best.min(axis=1)[:, None])
            if not len(hits):
                continue
            query, column = np.divmod(hits, scores.shape[1])
            many = np.bincount(query, minlength=len(queries))
            slot = size + np.arange(len(hits)) - np.repeat(np.cumsum(many) - many, many)
            wide = np.pad(best, ((0, 0), (0, int(many.max()))), constant_values=-np.inf)
            wide_rows = np.pad(rows, ((0, 0), (0, int(many.max()))), constant_values=NOTHING)
            wide[query, slot] = scores.reshape(-1)[hits]
            wide_rows[query, slot] = start + column
            keep = np.argpartition(-wide, size - 1, axis=1)[:, :size]
            best, rows = np.take_along_axis(wide, keep, axis=1), np.take_along_axis(wide_rows, keep, axis=1)
        return best, rows

    def _all_above(self, queries: Matrix, floor: Matrix) -> list[Rows]:
        """For each query every row whose plain score reaches its floor."""
        found: list[list[npt.NDArray[np.int64]]] = [[] for _ in queries]
        for start, scores in self._products(queries, first=self.block_rows) if len(queries) else ():
            for query, row_scores in enumerate(scores >= floor[:, None]):
                found[query].append(start + np.flatnonzero(row_scores))
        return [np.concatenate(parts) for parts in found]

    def _products(self, queries: Matrix, *, first: int) -> Iterator[tuple[int, Matrix]]:
        """Blocks of scores as (first row, (q, rows)); their width doubles from ``first``: a floor is soon known."""
        start, width = 0, min(first, self.block_rows)
        while start < len(self.vectors):
            yield start, queries @ self.vectors[start : start + width].T
            start, width = start + width, min(2 * width, self.block_rows)

"""Exact nearest neighbours by cosine, in blocked matrix products.

Memory is bounded by the block size whatever the size of the catalogue: all items against all never make an n×n matrix.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from visrec_cli.indexes.candidates import Candidates
from visrec_cli.indexes.exact_scores import best_of, slack
from visrec_cli.runtime.device import gpu_likely
from visrec_cli.runtime.threads import side_by_side, usable_cores
from visrec_cli.tables.vectors import Matrix, Rows

_FIRST, _GROWTH = 128, 8
"""Rows of the first block, and how much larger the next ones may be: a floor is soon known."""

_CELLS = 1 << 20
"""Scores of a block, 4 MiB: much for a matrix product, and little for a processor's cache."""

_THREAD_WORTH = 1e7
"""Multiplications, about a millisecond, after which another thread pays."""

_SPARE = 16
"""Candidates that a GPU keeps beyond k, so that rounding cannot push one of the true k off the short list."""

_GPU_WORTH = 1e12
"""Multiplications, some ten seconds of a CPU, after which starting a GPU pays."""


class ExactIndex:
    """Compares every query with every vector. Rows of equal score come in ascending order, whatever the block size."""

    name = "exact"

    def __init__(self, *, block_rows: int = _CELLS, block_queries: int = 1024) -> None:
        self.block_rows = block_rows
        self.block_queries = block_queries

    def build(self, vectors: Matrix) -> None:
        """Take the catalogue. vectors: (n, d) float32, rows of length 1."""
        self.vectors = vectors
        self._work = 0.0
        self._gpu: Callable[[Matrix, int], tuple[Matrix, Rows]] | None = None

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
        if self._gpu is None:
            return best_of(queries, self.vectors, self._candidates(queries, k), k)
        rough, short_list = self._gpu(queries, min(k + _SPARE, len(self.vectors)))
        scores, rows = best_of(queries, self.vectors, short_list, k)
        if short_list.shape[1] < len(self.vectors):
            # Where even the last spare candidate scores like the k-th, more of its equals may have been left out.
            kth = -np.partition(-rough, k - 1, axis=1)[:, k - 1]
            crowded = np.flatnonzero(rough.min(axis=1) >= kth - slack(queries.shape[1]))
            if len(crowded):
                again = self._candidates(queries[crowded], k)
                scores[crowded], rows[crowded] = best_of(queries[crowded], self.vectors, again, k)
        return scores, rows

    def _count_work(self, queries: Matrix) -> None:
        """Go over to the GPU, if there seems to be one, once the CPU has worked for longer than starting it takes."""
        before, self._work = self._work, self._work + queries.size * len(self.vectors)
        if before < _GPU_WORTH <= self._work and gpu_likely():
            from visrec_cli.indexes.gpu import short_list_on_gpu

            self._gpu = short_list_on_gpu(self.vectors)

    def _candidates(self, queries: Matrix, k: int) -> Rows:
        """(q, m) rows that may be among the k best, by plain matrix products; each thread has its part of the rows."""
        threads = min(usable_cores(), 1 + int(queries.size * len(self.vectors) / _THREAD_WORTH))
        cuts = np.linspace(0, len(self.vectors), threads + 1).astype(np.int64).tolist()
        first, *others = side_by_side(lambda ends: self._look_through(queries, k, *ends), pairwise(cuts))
        for other in others:
            first.join(other)
        return first.rows()

    def _look_through(self, queries: Matrix, k: int, start: int, end: int) -> Candidates:
        """The candidates from one part of the rows."""
        found = Candidates(queries, self.vectors, k)
        most = max(1, min(self.block_rows, _CELLS // len(queries), end - start))
        room = np.empty(most * len(queries), np.float32)
        width = min(_FIRST, most)
        while start < end:
            block = self.vectors[start : min(start + width, end)]
            scores = room[: len(block) * len(queries)].reshape(len(block), len(queries))
            found.look(start, np.matmul(block, queries.T, out=scores))
            start, width = start + width, min(_GROWTH * width, most)
        return found

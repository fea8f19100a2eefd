"""Exact nearest neighbours by cosine, in blocked matrix products.

Memory is bounded by the block size for any size of catalogue: an n × n matrix is never built.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import ClassVar

import numpy as np

from visrec_cli.indexes.candidates import Candidates
from visrec_cli.indexes.exact_scores import NOTHING, best_of, slack
from visrec_cli.runtime.device import gpu_likely
from visrec_cli.runtime.threads import side_by_side, usable_cores
from visrec_cli.tables.unit_vectors import Block, UnitVectors
from visrec_cli.tables.vectors import Matrix, Rows

_FIRST, _GROWTH = 128, 8
"""Rows of the first block, and the growth of the next ones: a small first block soon gives a threshold."""

_CELLS = 1 << 20
"""Scores per block, 4 MiB: large for a matrix product, small for the processor's cache."""

_THREAD_WORTH = 1e7
"""Multiplications (about a millisecond) above which another thread is worth starting."""

_SPARE = 16
"""Candidates that a GPU keeps beyond k, so that rounding cannot push a true neighbour off the short list."""

_GPU_WORTH = 1e12
"""Multiplications (about ten seconds on a CPU) above which a GPU is worth starting."""


class ExactIndex:
    """Exact search: compares every query with every vector.

    Rows with equal scores come in ascending order, whatever the block size; those of vectors that are still in their
    column, in the order of their ids.

    Parameters
    ----------
    block_rows : int, default=_CELLS
        Largest number of vectors per matrix product.
    block_queries : int, default=1024
        Number of queries per matrix product.

    Attributes
    ----------
    name : ClassVar[str], default="exact"
        Name in the registry.
    """

    name: ClassVar[str] = "exact"

    def __init__(self, *, block_rows: int = _CELLS, block_queries: int = 1024) -> None:
        self.block_rows = block_rows
        self.block_queries = block_queries

    def build(self, vectors: Matrix | UnitVectors) -> None:
        """Set the catalogue.

        Parameters
        ----------
        vectors : Matrix | UnitVectors
            (n, d) float32, rows of length 1. Vectors that are still in their column are first read by a search, which
            then raises ``InputError`` for those that cannot be used.
        """
        self.vectors = vectors
        self._work = 0.0
        self._gpu: Callable[[Matrix, int], tuple[Matrix, Rows]] | None = None

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """Find the k nearest vectors of each query.

        Parameters
        ----------
        queries : Matrix
            (q, d) float32, rows of length 1.
        k : int
            Number of neighbours per query.

        Returns
        -------
        tuple[Matrix, Rows]
            Cosines (q, min(k, n)) float32 and row numbers (q, min(k, n)) int64, best first;
            -inf and ``NOTHING`` where a column has fewer than k vectors.
        """
        k = min(k, len(self.vectors))
        scores = np.full((len(queries), k), -np.inf, np.float32)
        rows = np.full((len(queries), k), NOTHING, np.int64)
        for start in range(0, len(queries) if k else 0, self.block_queries):
            found = self._search_block(np.ascontiguousarray(queries[start : start + self.block_queries], np.float32), k)
            part = slice(start, start + self.block_queries), slice(found[0].shape[1])
            scores[part], rows[part] = found
        return scores, rows

    def _search_block(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        self._count_work(queries)
        if self._gpu is None:
            return best_of(queries, self.vectors, self._candidates(queries, k), k)
        rough, short_list = self._gpu(queries, k + _SPARE)
        scores, rows = best_of(queries, self.vectors, short_list, k)
        if k < short_list.shape[1] < len(self.vectors):
            # If even the last spare candidate ties with the k-th, more ties may be missing: search these again.
            kth = -np.partition(-rough, k - 1, axis=1)[:, k - 1]
            crowded = np.flatnonzero(rough.min(axis=1) >= kth - slack(queries.shape[1]))
            if len(crowded):
                again = self._candidates(queries[crowded], k)
                scores[crowded], rows[crowded] = best_of(queries[crowded], self.vectors, again, k)
        return scores, rows

    def _count_work(self, queries: Matrix) -> None:
        """Switch to the GPU, if there seems to be one, once the CPU has worked for longer than starting it takes."""
        before, self._work = self._work, self._work + queries.size * len(self.vectors)
        if before < _GPU_WORTH <= self._work and gpu_likely():
            self._gpu = _on_gpu(self.vectors)

    def _candidates(self, queries: Matrix, k: int) -> Rows:
        """(q, m) rows that may be among the k best, by plain matrix products; each thread takes a part of the rows."""
        threads = min(usable_cores(), 1 + int(queries.size * len(self.vectors) / _THREAD_WORTH))
        cuts = np.linspace(0, len(self.vectors), threads + 1).astype(np.int64).tolist()
        first, *others = side_by_side(lambda ends: self._look_through(queries, k, *ends), pairwise(cuts))
        if isinstance(self.vectors, UnitVectors):
            self.vectors.finish()
        for other in others:
            first.join(other)
        return first.rows()

    def _look_through(self, queries: Matrix, k: int, start: int, end: int) -> Candidates:
        """The candidates among one range of rows."""
        found = Candidates(queries, self.vectors, k)
        most = max(1, min(self.block_rows, _CELLS // len(queries), end - start))
        room = np.empty(most * len(queries), np.float32)
        for block in self._blocks(start, end, most):
            scores = room[: len(block.vectors) * len(queries)].reshape(len(block.vectors), len(queries))
            with np.errstate(all="ignore"):  # where a column has no vector there may be any bytes
                np.matmul(block.vectors, queries.T, out=scores)
                if block.lengths is not None:
                    scores /= block.lengths[:, None]
            found.look(block.start, scores)
        return found

    def _blocks(self, start: int, end: int, most: int) -> Iterator[Block]:
        width = min(_FIRST, most)
        while start < end:
            block = self._block(start, min(start + width, end))
            yield block
            start, width = start + len(block.vectors), min(_GROWTH * width, most)

    def _block(self, start: int, end: int) -> Block:
        if isinstance(self.vectors, UnitVectors):
            return self.vectors.block(start, end)
        return Block(start, self.vectors[start:end], None)


def _on_gpu(vectors: Matrix | UnitVectors) -> Callable[[Matrix, int], tuple[Matrix, Rows]] | None:
    from visrec_cli.indexes.gpu import short_list_on_gpu

    if not isinstance(vectors, UnitVectors):
        return short_list_on_gpu(vectors)
    rows = np.flatnonzero(vectors.found)
    short_list = short_list_on_gpu(vectors[rows])
    if short_list is None:
        return None

    def of_all(queries: Matrix, size: int) -> tuple[Matrix, Rows]:
        rough, places = short_list(queries, size)
        return rough, rows[places]

    return of_all

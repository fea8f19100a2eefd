"""Candidates for the top k of each query, collected over blocks of approximate scores.

A row is kept if its score reaches the k-th best score so far, minus the largest possible difference between two
roundings of one product. No reserve is needed, and little more than k rows remain per query.
"""

import numpy as np

from visrec_cli.indexes.exact_scores import NOTHING, best_of, slack
from visrec_cli.tables.unit_vectors import UnitVectors
from visrec_cli.tables.vectors import Matrix, Rows

_AT_FIRST = 4  # times k rows before the k-th best is first computed
_WAITING = 1 << 20  # hits after which it is computed again in any case
_CROWD = 1024  # rows of one query within rounding of its k-th best; above that, they are scored exactly at once


class Candidates:
    """The rows that may be among the k nearest of each query.

    Parameters
    ----------
    queries : Matrix
        (q, d) float32, rows of length 1.
    vectors : Matrix | UnitVectors
        (n, d) float32, rows of length 1.
    k : int
        Number of neighbours per query, from 1 to n.
    """

    def __init__(self, queries: Matrix, vectors: Matrix | UnitVectors, k: int) -> None:
        self._queries, self._vectors, self._k = queries, vectors, k
        self._slack = slack(vectors.shape[1])
        self._floors = np.full(len(queries), -np.inf, np.float32)
        self._cells = [np.empty(0, np.int64)]  # row · q + query
        self._scores = [np.empty(0, np.float32)]
        self._seen, self._due, self._waiting = 0, _AT_FIRST * k, 0

    def look(self, start: int, scores: Matrix) -> None:
        """Keep the rows of a block that score high enough.

        Parameters
        ----------
        start : int
            Row number of the first row of the block.
        scores : Matrix
            (rows, q) float32 approximate scores of the block; a row of NaN is not kept.
        """
        hits = np.flatnonzero(scores >= self._floors)
        if len(hits):
            self._cells.append(hits + start * len(self._queries))
            self._scores.append(scores.reshape(-1)[hits])
            self._waiting += len(hits)
        self._seen += len(scores)
        if self._seen >= self._due or self._waiting >= _WAITING:
            self._tighten()
            self._due = 2 * self._seen

    def join(self, others: "Candidates") -> None:
        """Add the candidates that were found among other rows."""
        self._cells += others._cells
        self._scores += others._scores

    def rows(self) -> Rows:
        """(q, m) row numbers that may be among the k best; ``NOTHING`` where a query has fewer than m."""
        self._tighten()
        count, cells = len(self._queries), self._cells[0]
        many = np.bincount(cells % count, minlength=count)
        rows = np.full((count, int(many.max())), NOTHING, np.int64)
        rows[cells % count, np.arange(len(cells)) - np.repeat(np.cumsum(many) - many, many)] = cells // count
        return rows

    def _tighten(self) -> None:
        """Raise the thresholds to the k-th best scores so far, and drop the candidates below them."""
        cells, scores, count = np.concatenate(self._cells), np.concatenate(self._scores), len(self._queries)
        query = cells % count
        apart = 1 + 2 * float(
            np.abs(scores).max(initial=0)
        )  # larger than any difference of scores: one sort orders both keys
        order = np.argsort(query * apart - scores)
        query, cells, scores = query[order], cells[order], scores[order]
        many = np.bincount(query, minlength=count)
        enough = np.flatnonzero(many >= self._k)
        kth = scores[(np.cumsum(many) - many)[enough] + self._k - 1]
        self._floors[enough] = np.maximum(self._floors[enough], kth - self._slack)
        keep = scores >= self._floors[query]
        for crowded in np.flatnonzero(np.bincount(query[keep]) > self._k + _CROWD):
            own = np.flatnonzero(keep & (query == crowded))
            rows = cells[own] // count
            best = best_of(self._queries[crowded : crowded + 1], self._vectors, rows[None], self._k)[1]
            keep[own] = np.isin(rows, best)
        self._cells, self._scores, self._waiting = [cells[keep]], [scores[keep]], int(keep.sum())

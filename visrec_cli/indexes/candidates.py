"""Candidates for the top k of each query, collected over blocks of approximate scores.

A row is kept when its score reaches the k-th best so far, less what two roundings of one product can differ by. So
nothing has to be kept in reserve, and what is left at the end is little more than k rows for each query.
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.indexes.exact_scores import NOTHING, best_of, slack
from visrec_cli.tables.vectors import Matrix, Rows

_AT_FIRST = 4  # times k rows, before the k-th best is looked for
_WAITING = 1 << 20  # hits, after which it is looked for again in any case
_CROWD = 1024  # rows of one query that lie within rounding of its k-th best: more are scored exactly, at once


class Candidates:
    """queries: (q, d), vectors: (n, d), both float32 with rows of length 1. k: from 1 to n."""

    def __init__(self, queries: Matrix, vectors: Matrix, k: int) -> None:
        self._queries, self._vectors, self._k = queries, vectors, k
        self._slack = slack(vectors.shape[1])
        self._floors = np.full(len(queries), -np.inf, np.float32)
        self._cells: list[npt.NDArray[np.int64]] = []  # row · q + query
        self._scores: list[Matrix] = []
        self._seen, self._due, self._waiting = 0, _AT_FIRST * k, 0

    def look(self, start: int, scores: Matrix) -> None:
        """Take what is good enough. scores: (rows, q) of the rows from ``start`` on."""
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
        """Take over what was found among other rows."""
        self._cells += others._cells
        self._scores += others._scores

    def rows(self) -> Rows:
        """(q, m) rows that may be among the k best, NOTHING where a query has fewer than m."""
        self._tighten()
        count, cells = len(self._queries), self._cells[0]
        many = np.bincount(cells % count, minlength=count)
        rows = np.full((count, int(many.max())), NOTHING, np.int64)
        rows[cells % count, np.arange(len(cells)) - np.repeat(np.cumsum(many) - many, many)] = cells // count
        return rows

    def _tighten(self) -> None:
        """Raise the floors to what is known by now, and drop what lies below them."""
        cells, scores, count = np.concatenate(self._cells), np.concatenate(self._scores), len(self._queries)
        query = cells % count
        apart = 1 + 2 * float(np.abs(scores).max())  # one sort for both: queries lie further apart than their scores
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

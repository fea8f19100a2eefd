"""From recommendation rows to ordered lists of item numbers per user."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError
from visrec_cli.metrics.base import Places
from visrec_cli.runtime.display import counted
from visrec_cli.stages.eval.diagnostics import RunDiagnostics
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.tables.vectors import Mask, Matrix

USERS = 4096


@dataclass(frozen=True)
class ListBlock:
    """Some users' lists. rows: (n,) which users of the truth; items: (n, k) numbers; scores: (n, k) or None."""

    rows: Places
    items: Places
    scores: Matrix | None


def starts_of(ids: pa.Array) -> Places:
    """Where the rows of another user begin."""
    if len(ids) == 1:
        return np.zeros(1, np.int64)
    other = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    return np.concatenate([[0], np.flatnonzero(other) + 1])


class UserListsBatch:
    """Whole users of one stretch of the table, as numbers in the right order."""

    def __init__(self, table: pa.Table, truth: Truth, notes: RunDiagnostics, where: str) -> None:
        ids = table["user_id"].combine_chunks()
        starts = starts_of(ids)
        sizes = np.diff(np.append(starts, len(ids)))
        names = ids.take(pa.array(starts))
        self._truth, self._notes, self._where = truth, notes, where
        self.rows: Places = pc.fill_null(pc.index_in(names, truth.users), -1).to_numpy().astype(np.int64)
        known = self.rows >= 0
        notes.rows += len(ids)
        notes.users += len(names)
        if not known.all():
            notes.unknown_ids += int((~known).sum())
            notes.show(notes.some_users, names.filter(pa.array(~known)))
            table = table.filter(pa.array(np.repeat(known, sizes)))
            sizes, names = sizes[known], names.filter(pa.array(known))
        self.rows, self._sizes, self._names = self.rows[known], sizes, names
        self._group = np.repeat(np.arange(len(sizes)), sizes)
        self._place = np.arange(len(self._group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        items = pc.index_in(table["item_id"].combine_chunks(), truth.item_ids)
        notes.known_items += len(items) - items.null_count
        if items.null_count:
            notes.unknown_items += items.null_count
            notes.show(notes.some_items, table["item_id"].filter(items.is_null()))
        notes.longest = max(notes.longest, int(sizes.max(initial=0)))
        self._items = pc.fill_null(items, len(truth.item_ids)).to_numpy().astype(np.int64)
        self._scores = self._read_scores(table)
        self._order(table)

    def _read_scores(self, table: pa.Table) -> npt.NDArray[np.float64] | None:
        if "score" not in table.column_names or table["score"].null_count == table.num_rows:
            return None
        scores = table["score"].to_numpy()
        wrong = np.isnan(scores)
        if wrong.any() and "rank" not in table.column_names:
            user = self._names[int(self._group[np.flatnonzero(wrong)[0]])]
            raise InputError(
                f"{self._where}: {counted(int(wrong.sum()), 'scores')} NaN or empty, the first of user '{user}'",
                fix="without a column 'rank' the scores are the order: drop those rows, or give ranks",
            )
        self._notes.nan_scores += int(wrong.sum())
        return scores

    def _order(self, table: pa.Table) -> None:
        """Put every user's rows in the order of their ranks; without ranks of their scores, ties by lot."""
        if "rank" in table.column_names:
            if table["rank"].null_count:
                row = int(np.flatnonzero(table["rank"].is_null().to_numpy())[0])
                raise InputError(
                    f"{self._where}: {counted(table['rank'].null_count, 'rows')} without a rank, the first of user "
                    f"'{self._names[int(self._group[row])]}'",
                    fix="give every row one, or leave the column out: then the scores are the order",
                )
            self._by_rank(table["rank"].to_numpy())
        elif self._scores is not None:
            before = self._scores
            falls = (self._group[1:] != self._group[:-1]) | (before[1:] < before[:-1])
            if not falls.all():
                self._take(np.lexsort((self._truth.tie_order[self._items], -before, self._group)))
                ties = (self._group[1:] == self._group[:-1]) & (self._scores[1:] == self._scores[:-1])
                self._notes.ties += int(ties.sum())
        else:
            self._notes.as_written = True

    def _by_rank(self, ranks: npt.NDArray[np.int64]) -> None:
        if not (ranks == self._place + 1).all():
            scores = np.zeros(len(ranks)) if self._scores is None else -self._scores
            order = np.lexsort((self._truth.tie_order[self._items], scores, ranks, self._group))
            self._take(order)
            ranks = ranks[order]
            self._notes.odd_ranks += self._users(ranks != self._place + 1)
            same = np.append(False, (ranks[1:] == ranks[:-1]) & (self._group[1:] == self._group[:-1]))
            self._notes.equal_ranks += self._users(same)
        if self._scores is not None:
            rises = (self._scores[1:] > self._scores[:-1]) & (self._group[1:] == self._group[:-1])
            self._notes.disagreeing += self._users(np.append(False, rises))

    def _users(self, rows: Mask) -> int:
        return len(np.unique(self._group[rows]))

    def _take(self, order: Places) -> None:
        self._items = self._items[order]
        self._scores = None if self._scores is None else self._scores[order]

    def blocks(self, width: int | None) -> Iterator[ListBlock]:
        """At most 4,096 users at once, with the first ``width`` places of their lists (None: all)."""
        ends = np.cumsum(self._sizes)
        for first in range(0, len(self.rows), USERS):
            last = min(first + USERS, len(self.rows))
            rows = slice(int(ends[first] - self._sizes[first]), int(ends[last - 1]))
            columns = max(1, int(self._sizes[first:last].max()))
            at = (self._group[rows] - first, self._place[rows])
            items = np.full((last - first, columns), -1, np.int64)
            items[at] = self._items[rows]
            self._refuse_repeats(items, first)
            scores = None
            if self._scores is not None:
                scores = np.full(items.shape, np.nan, np.float32)
                scores[at] = self._scores[rows]
            wide = slice(0, width)
            yield ListBlock(self.rows[first:last], items[:, wide], None if scores is None else scores[:, wide])

    def _refuse_repeats(self, items: Places, first: int) -> None:
        ordered = np.sort(items.astype(np.int32), axis=1)
        twice = (
            (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0) & (ordered[:, 1:] < len(self._truth.item_ids))
        )
        if twice.any():
            user, place = (int(at[0]) for at in np.nonzero(twice))
            item = self._truth.item_ids[int(ordered[user, place])]
            raise InputError(
                f"{self._where}: user '{self._names[first + user]}' is recommended item '{item}' twice",
                fix="keep the better of the two rows (with polars: df.unique(['user_id', 'item_id'], keep='first'))",
            )

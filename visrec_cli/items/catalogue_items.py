"""The items that can be recommended: their vectors, and the columns that go along with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError, did_you_mean
from visrec_cli.runtime.report import Report
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import Mask, Matrix, Rows, embedding_columns, matrix_of, no_vectors

_PREFERRED = ("embedding", "image_embedding")


@dataclass(frozen=True)
class CatalogueItems:
    """Items in the order of their ids, so that nothing depends on the order of a file.

    items: their columns without embeddings, as the file has them; row r of the catalogue is row order[r] of the file.
    vectors: (n, d) float32 of length 1, zeros where ``present`` is False.
    """

    items: pa.Table
    order: Rows
    vectors: Matrix
    present: Mask
    column: str
    space: Space | None

    @cached_property
    def ids(self) -> list[str]:
        """The item ids, ascending."""
        return self.listed("item_id")

    def listed(self, column: str) -> list[Any]:
        """All values of a column, in the order of the catalogue."""
        values = self.items[column].to_pylist()
        return [values[row] for row in self.order]

    def take(self, rows: Sequence[int] | Rows, columns: Sequence[str]) -> pa.Table:
        """Some columns of some rows of the catalogue."""
        return take_rows(self.items.select(columns), self.order[np.asarray(rows, np.int64)])

    @cached_property
    def groups(self) -> Rows:
        """(n,) numbers: known duplicates (column ``duplicate_of``) share one, all other items have their own."""
        leaders = np.arange(len(self.ids))
        if "duplicate_of" in self.items.column_names:
            for row, of in enumerate(self.listed("duplicate_of")):
                if of in self._row_of:
                    leaders[row] = self._row_of[of]
        return leaders[leaders]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.ids)}

    def row(self, item_id: str) -> int:
        """The row of an item that has a vector. Raises UsageError if nobody knows it, InputError if it has none."""
        if item_id not in self._row_of:
            raise UsageError(
                f"no item {item_id!r} among the {len(self.ids)} items",
                fix=did_you_mean(item_id, self.ids) or f"ids look like {', '.join(self.ids[:3])}",
            )
        row = self._row_of[item_id]
        if not self.present[row]:
            raise InputError(
                f"item {item_id!r} has no vector in column '{self.column}' (no usable picture or text)",
                fix="query another item, or name another column with --column",
            )
        return row


def catalogue_of(table: pa.Table, *, column: str | None, report: Report, where: str = "the table") -> CatalogueItems:
    """Take one embedding column of a table with item ids. Raises InputError without items or vectors."""
    column = choose_column(table.schema, column, report)
    ids = table["item_id"]
    if not table.num_rows:
        raise InputError("the table has no items", fix="look at it with: visrec show TABLE")
    vectors, present = matrix_of(table[column], name=column, ids=ids)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    flat = present & (lengths == 0)
    if flat.any():
        report.count("items with a vector of zeros, left out", int(flat.sum()))
    if not present.all():
        report.count("items without a vector, left out", int((~present).sum()))
    present = present & ~flat
    if not present.any():
        raise InputError(f"no item has a vector in column '{column}'", fix="look at the table with: visrec show TABLE")
    order = np.asarray(pc.sort_indices(ids)).astype(np.int64)
    vectors = vectors[order]
    vectors /= np.where(present, lengths, 1)[order, None].astype(np.float32)
    space = space_of(table.schema.field(column), where)
    others = [name for name in table.column_names if name not in embedding_columns(table.schema)]
    return CatalogueItems(table.select(others), order, vectors, present[order], column, space)


def choose_column(schema: pa.Schema, column: str | None, report: Report) -> str:
    """The embedding column to search: the one named, else the fused one, the only one, or the pictures'."""
    names = embedding_columns(schema)
    if column is not None:
        if column not in schema.names:
            raise UsageError(f"there is no column '{column}'", fix=f"embedding columns: {_listed(names)}")
        return column
    if not names:
        raise no_vectors(schema, fix="embed it first: visrec embed-images TABLE -o embedded.arrow")
    if len(names) == 1:
        return names[0]
    taken = next((name for name in _PREFERRED if name in names), names[0])
    if taken != "embedding":
        report.warn(
            f"searching '{taken}'; there are also {_listed([n for n in names if n != taken])} (--column chooses)"
        )
    return taken


def take_rows(table: pa.Table, rows: Rows) -> pa.Table:
    """Rows of a table, batch by batch: Table.take joins whole columns, which fails beyond 2 GiB of text or pictures."""
    batches = table.to_batches()
    ends = np.cumsum([batch.num_rows for batch in batches])
    batch_of = np.searchsorted(ends, rows, side="right")
    parts, places = [table.schema.empty_table()], []
    for at in np.unique(batch_of):
        in_batch = np.flatnonzero(batch_of == at)
        local = rows[in_batch] - (ends[at] - batches[at].num_rows)
        parts.append(pa.Table.from_batches([batches[at].take(pa.array(local))]))
        places.append(in_batch)
    back = np.argsort(np.concatenate(places)) if places else rows
    return pa.concat_tables(parts).take(pa.array(back))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"

"""The items that can be recommended: their vectors, and the columns that go along with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError, did_you_mean
from visrec_cli.runtime.report import Report
from visrec_cli.tables.rows import take_rows, take_values
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.unit_vectors import UnitVectors
from visrec_cli.tables.vectors import Mask, Rows, embedding_columns, no_vectors, numbers_of

_PREFERRED = ("embedding", "image_embedding")


@dataclass(frozen=True)
class CatalogueItems:
    """Items in the order of their table, whose vectors stay where they are until they are looked at.

    items: their columns without embeddings. Nothing depends on their order: what has to have one goes by the ids.
    """

    items: pa.Table
    vectors: UnitVectors
    column: str
    space: Space | None
    report: Report

    @cached_property
    def present(self) -> Mask:
        """(n,) bool, True for items with a vector; all vectors are looked at for it, unless a search did that before.

        Items that have none, or one of zeros, are counted in the report. Raises InputError where no item has one.
        """
        present = self.vectors.lengths != 0
        flat = self.vectors.valid & ~present
        if flat.any():
            self.report.count("items with a vector of zeros, left out", int(flat.sum()))
        if not self.vectors.valid.all():
            self.report.count("items without a vector, left out", int((~self.vectors.valid).sum()))
        if not present.any():
            raise InputError(
                f"no item has a vector in column '{self.column}'", fix="look at the table with: visrec show TABLE"
            )
        return present

    def look_through(self) -> None:
        """Count the items that have no vector, once all were looked at. Raises InputError where no item has one."""
        _ = self.present

    @cached_property
    def order(self) -> Rows:
        """(n,) the rows in the order of the ids of their items."""
        return numbers_of(pc.sort_indices(self.items["item_id"])).astype(np.int64)

    def in_order(self, some: Mask) -> Rows:
        """The rows of some items, in the order of their ids. some: (n,) bool."""
        return self.order[some[self.order]]

    def ids(self, rows: Sequence[int] | Rows) -> list[str]:
        """The ids of some items."""
        ids: list[str] = take_values(self.items["item_id"], np.asarray(rows, np.int64)).to_pylist()
        return ids

    def id(self, row: int) -> str:
        """The id of an item."""
        return self.ids([row])[0]

    def take(self, rows: Sequence[int] | Rows, columns: Sequence[str]) -> pa.Table:
        """Some columns of some items."""
        return take_rows(self.items.select(columns), np.asarray(rows, np.int64))

    @cached_property
    def groups(self) -> Rows:
        """(n,) numbers: known duplicates (column ``duplicate_of``) share one, all other items have their own."""
        leaders = np.arange(self.items.num_rows)
        if "duplicate_of" in self.items.column_names and self.items["duplicate_of"].type == pa.string():
            found = pc.index_in(self.items["duplicate_of"], value_set=self.items["item_id"])
            leaders = np.where(found.is_valid(), found.fill_null(0), leaders)
        return leaders[leaders]

    def row(self, item_id: str) -> int:
        """The row of an item that has a vector. Raises UsageError if nobody knows it, InputError if it has none."""
        try:
            row = int(pc.index(self.items["item_id"], item_id).as_py())
        except UnicodeEncodeError:  # bytes of a command line that are no text: so is no id
            row = -1
        if row < 0:
            self.look_through()  # a table that cannot be used is refused for that
            ids = self.items["item_id"].to_pylist()
            raise UsageError(
                f"no item {item_id!r} among the {len(ids)} items",
                fix=did_you_mean(item_id, sorted(ids)) or f"ids look like {', '.join(self.ids(self.order[:3]))}",
            )
        vector = self.vectors[[row]]
        if not (np.isfinite(vector).all() and vector.any()):
            self.look_through()  # says how many there are like it
            raise InputError(
                f"item {item_id!r} has no vector in column '{self.column}' (no usable picture or text)",
                fix="query another item, or name another column with --column",
            )
        return row


def catalogue_of(table: pa.Table, *, column: str | None, report: Report, where: str = "the table") -> CatalogueItems:
    """Take one embedding column of a table with item ids. Raises InputError without items or vectors."""
    column = choose_column(table.schema, column, report)
    if not table.num_rows:
        raise InputError("the table has no items", fix="look at it with: visrec show TABLE")
    space = space_of(table.schema.field(column), where)
    others = table.select([name for name in table.column_names if name not in embedding_columns(table.schema)])
    vectors = UnitVectors(
        table[column], name=column, ids=table["item_id"], normalised=space is not None and space.normalised
    )
    catalogue = CatalogueItems(others, vectors, column, space, report)
    if not vectors.valid.any():
        catalogue.look_through()  # says so
    return catalogue


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


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"

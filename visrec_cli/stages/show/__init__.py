"""``show``: what is in a table: columns, spaces, counts, nulls, the first rows. Pages: see gallery."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from visrec_cli.errors import unknown
from visrec_cli.items.source import holds_pictures, open_items
from visrec_cli.runtime.report import Report
from visrec_cli.tables.conversions import python_rows
from visrec_cli.tables.picture_types import is_file_struct, is_picture_type, is_pixel_tensor, shape_of
from visrec_cli.tables.provenance import COLUMN, fits_of
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.text_schema import is_model
from visrec_cli.tables.vectors import is_embedding_type


@dataclass(frozen=True)
class Column:
    """One column: its type in words, how many rows have nothing in it, and its space if it is an embedding.

    about: what its metadata says otherwise, of a model or of those behind recommendations.
    """

    name: str
    type: str
    nulls: int
    space: Space | None = None
    about: str = ""

    def made_of(self) -> str:
        """The space, or what the metadata says, in words; empty for other columns."""
        if self.space is None:
            return self.about
        sources = [source.space.describe() for source in self.space.sources if source.space is not None]
        return "; from ".join([self.space.describe(), *([" and ".join(sources)] if sources else [])])


@dataclass(frozen=True)
class Description:
    """All about one table. first: its first rows."""

    name: str
    rows: int
    columns: list[Column]
    first: pa.Table = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The same for scripts; vectors and pictures are left out of the rows."""
        columns = [{**vars(c), "space": _space_json(c.space)} for c in self.columns]
        plain = [f.name for f in self.first.schema if not is_embedding_type(f.type) and not is_picture_type(f.type)]
        return {
            "name": self.name,
            "rows": self.rows,
            "columns": columns,
            "first": python_rows(self.first.select(plain)),
        }


def open_any(source: Tabular, report: Report | None = None, **npy: Any) -> pa.RecordBatchReader:
    """Any table, or a folder or archive as the table of its pictures. npy: see tables.readers.open_table."""
    if holds_pictures(source):
        return open_items(source, report=report)
    return open_table(source, report=report, **npy)


def describe(
    source: Tabular, *, rows: int = 8, columns: Sequence[str] = (), report: Report | None = None, **npy: Any
) -> Description:
    """Read the whole table once, batch by batch, and keep its first ``rows`` rows.

    columns: look at these only. Raises UsageError for one that is not there.
    """
    reader = show(source, columns=columns, report=report, **npy)
    nulls = [0] * len(reader.schema)
    first: list[pa.RecordBatch] = []
    seen = 0
    for batch in reader:
        if seen < rows:
            first.append(batch.slice(0, rows - seen))
        seen += batch.num_rows
        for i, column in enumerate(batch.columns):
            nulls[i] += column.null_count
    remarks = _remarks(reader.schema, name_of(source))
    found = [
        Column(f.name, type_in_words(f.type), n, space_of(f, name_of(source)), remarks.get(f.name, ""))
        for f, n in zip(reader.schema, nulls, strict=True)
    ]
    return Description(name_of(source), seen, found, pa.Table.from_batches(first, reader.schema))


def _remarks(schema: pa.Schema, where: str) -> dict[str, str]:
    """What the metadata of a model, or of recommendations, says of how they were made: by column, in words."""
    if is_model(schema):
        from visrec_cli.recommenders.serialization import described

        return {"entity": described(schema.field("entity"), where)}
    fits = fits_of(schema)
    return {COLUMN: "; ".join(f"{name}, fitted on {fit.describe()}" for name, fit in fits.items())} if fits else {}


def show(
    source: Tabular,
    *,
    columns: Sequence[str] = (),
    head: int | None = None,
    report: Report | None = None,
    **npy: Any,
) -> pa.RecordBatchReader:
    """The table as it is, or some of its columns and its first ``head`` rows: what a conversion writes.

    Raises UsageError for a column that is not there.
    """
    reader = open_any(source, report, **npy)
    for name in columns:
        if name not in reader.schema.names:
            raise unknown("column", name, reader.schema.names)
    schema = pa.schema([reader.schema.field(name) for name in columns]) if columns else reader.schema

    def batches() -> Any:
        left = head
        for batch in reader:
            part = batch.select(schema.names) if columns else batch
            if left is not None:
                part = part.slice(0, left)
                left -= part.num_rows
            yield part
            if left == 0:
                return

    return pa.RecordBatchReader.from_batches(schema, batches())


def type_in_words(kind: pa.DataType) -> str:
    """An Arrow type as people say it: ``text``, ``1280 numbers (float32)``, ``list of label, score``."""
    if is_embedding_type(kind):
        return f"{kind.list_size} numbers ({type_in_words(kind.value_type)})"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "bytes"
    if is_pixel_tensor(kind):
        return f"pixels ({' x '.join(map(str, shape_of(kind)))})"
    if is_file_struct(kind):
        return "bytes, with a path"
    if pa.types.is_boolean(kind):
        return "yes or no"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        return f"list of {', '.join(f.name for f in inner) if pa.types.is_struct(inner) else type_in_words(inner)}"
    return {"double": "float64", "float": "float32", "halffloat": "float16"}.get(str(kind), str(kind))


def _space_json(space: Space | None) -> dict[str, Any] | None:
    """A space without the fitted arrays of its transform, which nobody reads."""
    if space is None:
        return None
    sources = [{"column": s.column, "dimension": s.dimension, "space": _space_json(s.space)} for s in space.sources]
    return {
        "encoder": space.encoder,
        "dimension": space.dimension,
        "normalised": space.normalised,
        "kind": space.kind,
        "weights": space.weights,
        "preprocessing": space.preprocessing,
        "sources": sources,
        "fingerprint": space.fingerprint,
    }

"""CSV, TSV and NDJSON out, batch by batch."""

import json
from typing import Any, BinaryIO

import pyarrow as pa

from visrec_cli.runtime.standard_streams import without_nan
from visrec_cli.tables.batches import empty_batch
from visrec_cli.tables.conversions import polars_series, python_rows, python_values, stored
from visrec_cli.tables.picture_types import is_picture_type
from visrec_cli.tables.text_schema import note_of
from visrec_cli.tables.vectors import is_embedding_type


class CsvWriter:
    """CSV or TSV with a header. Lists become JSON text; vectors and pictures are left out (named in ``left_out``)."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema, *, tab: bool = False) -> None:
        self._raw, self._separator, self._first = raw, "\t" if tab else ",", True
        self.left_out = [f.name for f in schema if is_embedding_type(f.type) or _is_bytes(f.type)]
        self._schema = schema
        self._kept = [name for name in schema.names if name not in self.left_out]

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""
        self._write(batch)

    def _write(self, batch: pa.RecordBatch) -> None:
        import polars as pl  # here, since NDJSON and the formats beside this one do without

        frame = pl.DataFrame([polars_series(name, flat(batch.column(name))) for name in self._kept])
        self._raw.write(frame.write_csv(include_header=self._first, separator=self._separator).encode())
        self._first = False

    def close(self) -> None:
        """An empty table still has its header."""
        if self._first:
            self._write(empty_batch(self._schema))


class NdjsonWriter:
    """One JSON object per line, vectors as arrays; pictures are left out (named in ``left_out``).

    The first object of a model also has what JSON has no words for: see tables.text_schema.
    """

    def __init__(self, raw: BinaryIO, schema: pa.Schema) -> None:
        self._raw = raw
        self.left_out = [f.name for f in schema if _is_bytes(f.type)]
        self._kept = [name for name in schema.names if name not in self.left_out]
        self._note = note_of(schema)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""
        for row in python_rows(batch.select(self._kept)):
            self._raw.write(_json({**row, **self._note}).encode() + b"\n")
            self._note = {}

    def close(self) -> None:
        """Nothing follows the last line."""


def _is_bytes(kind: pa.DataType) -> bool:
    return is_picture_type(kind) or bool(pa.types.is_fixed_size_binary(kind))


def flat(column: pa.Array) -> pa.Array:
    """The column as text holds it: lists as JSON, lengths of time in words."""
    column = stored(column)
    if pa.types.is_duration(column.type) or pa.types.is_interval(column.type):
        return pa.array([None if value is None else str(value) for value in python_values(column)], pa.string())
    if not pa.types.is_nested(column.type):
        return column
    return pa.array([None if value is None else _json(value) for value in python_values(column)], pa.string())


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(without_nan(value), ensure_ascii=False, default=str)

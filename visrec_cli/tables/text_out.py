"""CSV, TSV and NDJSON out, batch by batch."""

import json
from typing import BinaryIO

import polars as pl
import pyarrow as pa

from visrec_cli.tables.columns import is_embedding_type


class CsvWriter:
    """CSV or TSV with a header. Lists become JSON text; vectors and pictures are left out (named in ``left_out``)."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema, *, tab: bool = False) -> None:
        self._raw, self._separator, self._first = raw, "\t" if tab else ",", True
        self.left_out = [f.name for f in schema if is_embedding_type(f.type) or pa.types.is_binary(f.type)]
        self._schema = schema
        self._kept = [name for name in schema.names if name not in self.left_out]

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""
        self._write(batch)

    def _write(self, batch: pa.RecordBatch) -> None:
        columns = {name: _flat(batch.column(name)) for name in self._kept}
        table = pa.table(columns) if columns else pa.table({})
        frame = pl.DataFrame(pl.from_arrow(table))
        self._raw.write(frame.write_csv(include_header=self._first, separator=self._separator).encode())
        self._first = False

    def close(self) -> None:
        """An empty table still has its header."""
        if self._first:
            self._write(pa.RecordBatch.from_pylist([], schema=self._schema))


class NdjsonWriter:
    """One JSON object per line, vectors as arrays; pictures are left out (named in ``left_out``)."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema) -> None:
        self._raw = raw
        self.left_out = [f.name for f in schema if pa.types.is_binary(f.type)]
        self._kept = [name for name in schema.names if name not in self.left_out]

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""
        for row in batch.select(self._kept).to_pylist():
            self._raw.write(json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n")

    def close(self) -> None:
        """Nothing follows the last line."""


def _flat(column: pa.Array) -> pa.Array:
    if not pa.types.is_nested(column.type):
        return column
    text = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()
    ]
    return pa.array(text, pa.string())

"""Arrow and Parquet out, batch by batch, and which writer a format has."""

import contextlib
from typing import BinaryIO, Protocol

import pyarrow as pa

import visrec_cli
from visrec_cli.tables.npy import NpyWriter
from visrec_cli.tables.text_out import CsvWriter, NdjsonWriter
from visrec_cli.tables.wire import POISON, STREAM_KEY, HashingSink


class BatchWriter(Protocol):
    """What every format offers."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""

    def close(self) -> None:
        """Write what ends the format; the file itself stays open."""


class StreamWriter:
    """Arrow IPC, as a stream or as a file, with the trailer that says it is whole (see tables.wire)."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema, *, file: bool) -> None:
        self._schema = schema.with_metadata({STREAM_KEY: b"1", b"visrec.version": visrec_cli.__version__.encode()})
        self._sink = HashingSink(raw)
        self._raw = raw
        self._writer = (pa.ipc.new_file if file else pa.ipc.new_stream)(self._sink, self._schema)
        self._rows = 0

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append one batch."""
        self._writer.write_batch(batch.replace_schema_metadata(self._schema.metadata))
        self._rows += batch.num_rows

    def close(self) -> None:
        """Trailer, then Arrow's end mark."""
        empty = pa.RecordBatch.from_pylist([], schema=self._schema)
        if not self._rows:
            self._writer.write_batch(empty)  # pyarrow writes the schema with the first batch: the hash must cover it
        self._writer.write_batch(empty, custom_metadata=self._sink.trailer(self._rows))
        self._writer.close()

    def poison(self) -> None:
        """Make every reader fail: the producer did not finish, and pyarrow would write an end mark all the same."""
        with contextlib.suppress(OSError, ValueError):
            self._raw.write(POISON)
            self._raw.flush()


class ParquetWriter:
    """Parquet with page checksums."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self._schema = schema
        self._writer = pq.ParquetWriter(raw, schema, compression="zstd", write_page_checksum=True)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append one row group."""
        self._writer.write_batch(batch)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def open_writer(raw: BinaryIO, schema: pa.Schema, format: str, column: str | None = None) -> BatchWriter:
    """The writer of one format over an open binary file."""
    if format in ("arrow", "stream"):
        return StreamWriter(raw, schema, file=format == "arrow")
    if format == "parquet":
        return ParquetWriter(raw, schema)
    if format == "npy":
        return NpyWriter(raw, schema, column)
    return NdjsonWriter(raw, schema) if format == "ndjson" else CsvWriter(raw, schema, tab=format == "tsv")

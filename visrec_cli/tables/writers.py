"""The formats of tables that are written, and the writer of each; Arrow's is here."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, Protocol

import pyarrow as pa

import visrec_cli
from visrec_cli.tables.batches import empty_batch
from visrec_cli.tables.checksums import with_block
from visrec_cli.tables.npy_out import NpyWriter
from visrec_cli.tables.parquet_out import ParquetWriter
from visrec_cli.tables.stream_frames import POISON, HashingSink
from visrec_cli.tables.text_out import CsvWriter, NdjsonWriter
from visrec_cli.tables.trailers import STREAM_FORMAT, STREAM_KEY, trailer, with_trailer_checksum


class BatchWriter(Protocol):
    """What every format offers."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""

    def close(self) -> None:
        """Write what ends the format; the file itself stays open."""


class StreamWriter:
    """Arrow IPC, as a stream or as a file, with the trailer that says it is whole (see tables.trailers)."""

    def __init__(self, raw: BinaryIO, schema: pa.Schema, *, file: bool) -> None:
        self._schema = schema.with_metadata(
            {STREAM_KEY: STREAM_FORMAT, b"visrec.version": visrec_cli.__version__.encode()}
        )
        self._sink = HashingSink(raw)
        self._raw, self._file = raw, file
        self._writer = (pa.ipc.new_file if file else pa.ipc.new_stream)(self._sink, self._schema)
        self._rows = 0

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append one batch."""
        self._writer.write_batch(batch.replace_schema_metadata(self._schema.metadata))
        self._rows += batch.num_rows

    def close(self) -> None:
        """Trailer, then Arrow's end mark, and a file's footer."""
        empty = empty_batch(self._schema)
        if not self._rows:
            self._writer.write_batch(empty)  # pyarrow writes the schema with the first batch: the hash must cover it
        end = trailer(count=self._sink.count, rows=self._rows, digest=self._sink.digest())
        with self._sink.changed(with_trailer_checksum):
            self._writer.write_batch(empty, custom_metadata=end)
        with self._sink.changed(partial(with_block, magic=b"ARROW1")) if self._file else contextlib.nullcontext():
            self._writer.close()

    def poison(self) -> None:
        """Make every reader fail: the producer did not finish, and pyarrow would write an end mark all the same."""
        with contextlib.suppress(OSError, ValueError):
            self._raw.write(POISON)
            self._raw.flush()


#: Every format of tables: its writer, made of an open binary file, the schema and the column of vectors, and the
#: endings of its files. A new one is a line here, a BatchWriter, and its name in options.files.HOLDS.
FORMATS: dict[str, tuple[Callable[[BinaryIO, pa.Schema, str | None], BatchWriter], tuple[str, ...]]] = {
    "arrow": (lambda raw, schema, _: StreamWriter(raw, schema, file=True), (".arrow", ".feather")),
    "stream": (lambda raw, schema, _: StreamWriter(raw, schema, file=False), (".arrows",)),
    "parquet": (lambda raw, schema, _: ParquetWriter(raw, schema), (".parquet",)),
    "npy": (NpyWriter, (".npy",)),
    "csv": (lambda raw, schema, _: CsvWriter(raw, schema), (".csv",)),
    "tsv": (lambda raw, schema, _: CsvWriter(raw, schema, tab=True), (".tsv",)),
    "ndjson": (lambda raw, schema, _: NdjsonWriter(raw, schema), (".ndjson", ".jsonl")),
}
ENDINGS = {ending: name for name, (_, endings) in FORMATS.items() for ending in endings}


def open_writer(raw: BinaryIO, schema: pa.Schema, format: str, column: str | None = None) -> BatchWriter:
    """The writer of one format over an open binary file."""
    return FORMATS[format][0](raw, schema, column)

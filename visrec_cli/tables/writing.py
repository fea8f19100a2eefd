"""One door for every table that goes out: whole or not at all."""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

import visrec_cli
from visrec_cli.errors import OutputError, TransferError, UsageProblem
from visrec_cli.tables.batches import even
from visrec_cli.tables.npy import NpyWriter
from visrec_cli.tables.reading import Tabular, open_table
from visrec_cli.tables.text_out import CsvWriter, NdjsonWriter
from visrec_cli.tables.types import plain_batch, plain_schema
from visrec_cli.tables.wire import POISON, STREAM_KEY, HashingSink

ENDINGS = {
    ".arrow": "arrow", ".feather": "arrow", ".arrows": "stream", ".parquet": "parquet", ".npy": "npy",
    ".csv": "csv", ".tsv": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson",
}  # fmt: skip
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))


class BatchWriter(Protocol):
    """What every format offers."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append the rows of one batch."""

    def close(self) -> None:
        """Write what ends the format; the file itself stays open."""


def format_of(target: str | Path, format: str | None = None) -> str:
    """The format: as said, else by the name; a stream on stdout. Raises UsageProblem for an unknown one."""
    if format is not None:
        if format not in FORMATS:
            raise UsageProblem(f"unknown format '{format}'", fix=f"one of {', '.join(FORMATS)}")
        return format
    if str(target) == "-":
        return "stream"
    ending = Path(target).suffix.lower()
    if ending not in ENDINGS:
        raise UsageProblem(
            f"'{target}': the ending says no format", fix=f"use one of {', '.join(ENDINGS)}, or --format"
        )
    return ENDINGS[ending]


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


def write_table(
    source: Tabular, target: str | Path = "-", *, format: str | None = None, column: str | None = None
) -> tuple[int, list[str]]:
    """Write a table and return its number of rows and remarks (what the format cannot hold and was left out).

    A file appears under its name only when it is whole (temporary name in the same folder, fsync, rename); a stream
    on stdout is poisoned when the source fails. Raises OutputError when the target cannot be made, TransferError
    when writing fails half-way, and whatever the source raises.
    """
    form = format_of(target, format)
    if str(target) == "-":
        if form == "npy":
            raise UsageProblem("NPY needs ids beside it and cannot go through a pipe", fix="-o x.npy, or pipe Arrow")
        return _pour(open_table(source), sys.stdout.buffer, form, column, target)
    path = Path(target)
    if path.exists() and not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        try:
            with path.open("wb") as raw:  # a named pipe or /dev/null: nothing to rename
                return _pour(open_table(source), raw, form, column, target)
        except BrokenPipeError:
            raise
        except OSError as error:  # closing flushes once more
            raise _transfer(error, target) from error
    with atomic(path) as raw:
        return _pour(open_table(source), raw, form, column, target)


def _pour(
    reader: pa.RecordBatchReader, raw: BinaryIO, form: str, column: str | None, target: str | Path
) -> tuple[int, list[str]]:
    schema = plain_schema(reader.schema).remove_metadata()
    writer = open_writer(raw, schema, form, column)
    rows = 0
    try:
        for batch in even(plain_batch(batch, schema) for batch in reader):
            writer.write_batch(batch)
            rows += batch.num_rows
        writer.close()
        raw.flush()
    except BaseException as error:
        if isinstance(writer, StreamWriter) and not isinstance(error, BrokenPipeError):
            writer.poison()
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, BrokenPipeError):
            raise _transfer(error, target) from error
        raise
    if isinstance(writer, NpyWriter):
        for name, text in writer.sidecars(Path(target)).items():
            with atomic(name) as beside:
                beside.write(text.encode())
        return rows, [
            f"{writer.left_out} items without {writer.column} left out of {target}"
        ] if writer.left_out else []
    left = getattr(writer, "left_out", [])
    return rows, [f"{form} cannot hold {', '.join(left)}: left out"] if left else []


def _transfer(error: OSError, target: str | Path) -> OSError:
    if error.errno is None:  # ours, or Arrow's: already in words
        return error
    where = "stdout" if str(target) == "-" else target
    return TransferError(f"writing {where} failed: {error.strerror or error}", fix="free some space, then run it again")


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes its name only when the block ends well. Raises OutputError when it cannot be made."""
    path = Path(os.path.realpath(path))  # a link keeps pointing to its target
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        reason = "its folder does not exist" if not path.parent.exists() else error.strerror or str(error)
        raise OutputError(
            f"cannot write {path}: {reason}", fix=f"mkdir -p {path.parent}" if not path.parent.exists() else None
        ) from error
    try:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder", fix=f"name a file in it: -o {path}/table.arrow")
        with os.fdopen(handle, "w+b") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        _usual_mode(Path(temporary), path)
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _usual_mode(temporary: Path, path: Path) -> None:
    """Temporary files are private; the result has the mode that an ordinary open() would have given."""
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)

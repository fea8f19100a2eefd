"""The writer of all tables: complete or not at all."""

import stat
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from visrec_cli.errors import TransferError, UsageError
from visrec_cli.runtime.standard_streams import standard_output
from visrec_cli.tables.atomic import atomic
from visrec_cli.tables.batches import even
from visrec_cli.tables.npy_out import NpyWriter
from visrec_cli.tables.parquet_out import ParquetWriter
from visrec_cli.tables.readers import Tabular, open_table
from visrec_cli.tables.types import plain_batch, plain_schema
from visrec_cli.tables.writers import ENDINGS, FORMATS, StreamWriter, open_writer


def format_of(target: str | Path, format: str | None = None) -> str:
    """The format: as said, else by the name; a stream on stdout. Raises UsageError for an unknown one."""
    if format is not None:
        if format not in FORMATS:
            raise UsageError(f"unknown format '{format}'", fix=f"one of {', '.join(FORMATS)}")
        return format
    if str(target) == "-":
        return "stream"
    ending = Path(target).suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"'{target}': the file ending identifies no format", fix=f"use one of {', '.join(ENDINGS)}, or --format"
        )
    return ENDINGS[ending]


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
            raise UsageError("NPY needs ids beside it and cannot go through a pipe", fix="-o x.npy, or pipe Arrow")
        return _pour(open_table(source), standard_output(), form, column, target)
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
        if isinstance(writer, StreamWriter | ParquetWriter) and not isinstance(error, BrokenPipeError):
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

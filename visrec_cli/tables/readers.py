"""The reader of all tables: the format is recognised by the first bytes, then by the name."""

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.batch_validation import safely
from visrec_cli.tables.checksums import Verification
from visrec_cli.tables.coerce_vectors import with_fixed_vectors
from visrec_cli.tables.column_names import note_repeated
from visrec_cli.tables.ids import with_row_ids
from visrec_cli.tables.interaction_headers import WITHOUT_HEADER
from visrec_cli.tables.known_files import lacks_header
from visrec_cli.tables.npy import NPY, read_npy
from visrec_cli.tables.sources import (
    ARROW,
    ARROW_MAGICS,
    MAGICS,
    PARQUET,
    STREAM,
    Source,
    Tabular,
    is_path,
    name_of,
    open_source,
    text_size,
)
from visrec_cli.tables.stream_frames import HashingSource
from visrec_cli.tables.streams import read_file, read_stream
from visrec_cli.tables.table_folders import are_files
from visrec_cli.tables.types import plain_batch, plain_schema

__all__ = ["ARROW_MAGICS", "Tabular", "as_bytes", "is_path", "name_of", "open_table", "read_all"]


def open_table(
    source: Tabular,
    *,
    ids: str | Path | None = None,
    row_ids: bool = False,
    column: str | None = None,
    as_text: Collection[str] = (),
    names: Sequence[str] = (),
    role: str | None = None,
    verification: Verification | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """A streaming reader over any table, with plain types and unique names, every batch validated.

    ids and column belong to NPY (see tables.npy); row_ids: the numbers of the rows are the ids, of a matrix or of a
    table without ids. as_text and names belong to text (see tables.text). role: ``log`` or ``items``, to find the table
    among several in an archive. verification: compares the checksums of all bytes; without it a file's rows are not
    read twice for that (a stream's are). report: is told what was read otherwise than it may have been meant (columns
    of one name, quotes). Raises MissingInputError, TruncatedStreamError, InputError for bytes that are no table, or
    UsageError where ids, row_ids, column or names say something about another kind of table, which would not listen.
    """
    npy = {"ids": ids, "row_ids": row_ids, "column": column}
    report = report or Report()
    if is_path(source) and are_files(source):
        return _of_parts(source, npy, {"as_text": as_text, "names": names}, role, verification, report)
    if not is_path(source):
        _check_options("the table", npy, names)
        plain = _plain_reader(_arrow_reader(source), "the table", report)
        return with_fixed_vectors(with_row_ids(plain, "the table") if row_ids else plain, "the table", report)
    found = open_source(source, role, report)
    if role == "log" and not names and lacks_header(found.where, found.head):
        names = WITHOUT_HEADER
        report.warn(f"{found.where}: no header: its columns are taken as {', '.join(names)}")
    opened = _opened(found, npy, as_text, names, verification, report)
    if row_ids and not found.head.startswith(NPY):
        opened = with_row_ids(opened, found.where)
    return with_fixed_vectors(opened, found.where, report)


def _of_parts(
    source: Tabular,
    npy: dict[str, Any],
    text: dict[str, Any],
    role: str | None,
    verification: Verification | None,
    report: Report,
) -> pa.RecordBatchReader:
    """The one table that several files are."""
    from visrec_cli.tables.part_sources import parts_of
    from visrec_cli.tables.parts import one_table

    seen: set[str] = set()

    def opened(file: Any, more: Collection[str] = ()) -> pa.RecordBatchReader:
        checked = verification if file in seen or text_size(file) is not None else None  # when its rows are read
        seen.add(file)
        as_text = {*text["as_text"], *more}
        return open_table(file, **npy, **{**text, "as_text": as_text}, role=role, verification=checked, report=report)

    parts = parts_of(source, role, opened, report)
    if npy["ids"] is not None and len(parts) > 1:
        raise UsageError(
            f"--ids names the rows of one matrix, and {name_of(source)} is several files",
            fix="write the ids of each x.npy into x.ids.txt beside it",
        )
    table = one_table(parts, same_columns=True)
    return _numbered(table) if npy["row_ids"] else table


def _numbered(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The table of several parts with its rows numbered on, where each part began with 0."""
    at = reader.schema.get_field_index("item_id")

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            ids = pa.array(range(start, start + batch.num_rows)).cast(pa.string())
            yield batch.set_column(at, reader.schema.field(at), ids)
            start += batch.num_rows

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def _opened(
    found: Source,
    npy: dict[str, Any],
    as_text: Collection[str],
    names: Sequence[str],
    verification: Verification | None,
    report: Report,
) -> pa.RecordBatchReader:
    where, head = found.where, found.head
    if head.startswith(NPY):
        _check_options(where, {}, names)
        path = "-" if found.path is None else found.path
        return read_npy(path, found.stream(), where, **npy, verification=verification, report=report)
    _check_options(where, npy, names if head.startswith(MAGICS) else ())
    if head.startswith(STREAM):
        return read_stream(found.stream(), where, verification, report)
    if head.startswith(ARROW):
        return read_file(found.random_access(), where, verification, report)
    if head.startswith(PARQUET):
        from visrec_cli.tables.parquet import read_parquet  # which an Arrow file has no need of

        return read_parquet(found.random_access(), where, verification, report)
    stream = found.stream()
    data = stream.read()
    stream.close()
    if verification is not None:
        verification.remarks.append(f"{where} is text, which has no checksum: it can be read, and was checked for that")
    from visrec_cli.tables.text import read_text  # and with it polars, which an Arrow file has no need of

    return read_text(data, where, as_text=as_text, names=names, report=report)


def _check_options(where: str, npy: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse what is said about an NPY matrix, or a text without a header, where the table is none. In the words of the
    command line, which is where it is said."""
    flags = {"ids": "--ids", "column": "--column"}
    flag = next((flag for name, flag in flags.items() if npy.get(name)), None)
    if flag is not None:
        raise UsageError(f"{flag} needs an NPY matrix, and {where} is none", fix=f"leave out {flag}")
    if names:
        raise UsageError(
            f"--no-header needs a log as CSV or TSV, and {where} has its names in it", fix="leave out --no-header"
        )


def _arrow_reader(source: Any) -> pa.RecordBatchReader:
    if isinstance(source, pa.RecordBatchReader):
        return source
    if isinstance(source, pa.RecordBatch):
        source = pa.Table.from_batches([source])
    if isinstance(source, pa.Table):
        return source.to_reader(max_chunksize=8192)
    if hasattr(source, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(source)
    raise UsageError(f"{type(source).__name__} is neither a path nor an Arrow table")


def _plain_reader(reader: pa.RecordBatchReader, where: str, report: Report) -> pa.RecordBatchReader:
    schema = plain_schema(reader.schema).remove_metadata()
    if reader.schema.equals(schema, check_metadata=True):
        return reader
    note_repeated(reader.schema.names, where, report)

    def batches() -> Iterator[pa.RecordBatch]:
        before = 0
        for batch in reader:
            yield plain_batch(safely(batch, where, before=before), schema.with_metadata(None), where)
            before += batch.num_rows

    return pa.RecordBatchReader.from_batches(schema, batches())


def read_all(source: Tabular) -> pa.Table:
    """The whole table in memory."""
    return open_table(source).read_all()


def as_bytes(data: bytes) -> pa.RecordBatchReader:
    """Bytes in memory as a table, by the same door (used for tests and archives)."""
    return read_stream(HashingSource(io.BytesIO(data)), "bytes")

"""The reader of all tables: the format is recognised by the first bytes, then by the name."""

import io
import os
import shlex
import stat
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from visrec_cli.errors import InputError, MissingInputError, TransferError, TruncatedStreamError, UsageError
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.tables.batch_validation import safely
from visrec_cli.tables.checksums import Verification
from visrec_cli.tables.coerce_vectors import with_fixed_vectors
from visrec_cli.tables.column_names import note_repeated
from visrec_cli.tables.npy import NPY, read_npy
from visrec_cli.tables.stream_frames import SNIFF, HashingSource
from visrec_cli.tables.streams import AGAIN, read_file, read_stream
from visrec_cli.tables.types import plain_batch, plain_schema

_STREAM, _ARROW, _PARQUET = b"\xff\xff\xff\xff", b"ARROW1", b"PAR1"
ARROW_MAGICS = (_STREAM, _ARROW, _PARQUET)
"""The first bytes of tables that are no text."""
_MAGICS = (*ARROW_MAGICS, NPY)

Tabular = Any
"""A path, ``-`` for stdin, a pyarrow table or reader, or anything with ``__arrow_c_stream__`` (polars, duckdb …)."""


def is_path(source: Tabular) -> bool:
    """Whether a source is a name rather than a table at hand."""
    return isinstance(source, str | os.PathLike)


def name_of(source: Tabular) -> str:
    """What messages call this source."""
    if not is_path(source):
        return "the table"
    return "stdin" if str(source) == "-" else str(source)


def open_table(
    source: Tabular,
    *,
    ids: str | Path | None = None,
    row_ids: bool = False,
    column: str | None = None,
    as_text: Collection[str] = (),
    names: Sequence[str] = (),
    verification: Verification | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """A streaming reader over any table, with plain types and unique names, every batch validated.

    ids, row_ids and column belong to NPY (see tables.npy), as_text and names to text (see tables.text). verification:
    compares the checksums of all bytes; without it a file's rows are not read twice for that (a stream's are). report:
    is told what was read otherwise than it may have been meant (columns of one name, quotes). Raises MissingInputError,
    TruncatedStreamError, InputError for bytes that are no table, or UsageError where ids, row_ids, column or names say
    something about a table of another format, which would not listen.
    """
    npy = {"ids": ids, "row_ids": row_ids, "column": column}
    report = report or Report()
    if not is_path(source):
        _check_options("the table", npy, names)
        return with_fixed_vectors(_plain_reader(_arrow_reader(source), "the table", report), "the table")
    opened = _opened(source, npy, {"as_text": as_text, "names": names}, verification, report)
    return with_fixed_vectors(opened, name_of(source))


def _opened(
    source: Tabular, npy: dict[str, Any], text: dict[str, Any], verification: Verification | None, report: Report
) -> pa.RecordBatchReader:
    where = name_of(source)
    raw = _open(source, where)
    head = _head(raw, where)
    hashed = HashingSource(raw, head)
    if not head:
        if str(source) == "-":
            raise TruncatedStreamError("stdin is empty: the command before this one wrote nothing", fix=AGAIN)
        raise InputError(f"{where} is empty", fix="make the file again")
    if len(head) < SNIFF and any(magic.startswith(head) for magic in _MAGICS):
        raise TruncatedStreamError(f"{where} stops after its first {counted(len(head), 'bytes')}", fix=AGAIN)
    if head.startswith(NPY):
        _check_options(where, {}, text["names"])
        return read_npy(source, hashed, where, **npy, verification=verification)
    _check_options(where, npy, text["names"] if head.startswith(_MAGICS) else ())
    if head.startswith(_STREAM):
        return read_stream(hashed, where, verification, report)
    if head.startswith(_ARROW):
        return read_file(_random_access(source, hashed), where, verification, report)
    if head.startswith(_PARQUET):
        from visrec_cli.tables.parquet import read_parquet  # which an Arrow file has no need of

        return read_parquet(_random_access(source, hashed), where, verification, report)
    data = hashed.read()
    hashed.close()
    if verification is not None:
        verification.remarks.append(f"{where} is text, which has no checksum: it can be read, and was checked for that")
    from visrec_cli.tables.text import read_text  # and with it polars, which an Arrow file has no need of

    return read_text(data, where, report=report, **text)


def _check_options(where: str, npy: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse what is said about an NPY matrix, or a text without a header, where the table is none. In the words of the
    command line, which is where it is said."""
    flags = {"ids": "--ids", "row_ids": "--row-ids", "column": "--column"}
    flag = next((flags[name] for name, value in npy.items() if value), None)
    if flag is not None:
        raise UsageError(f"{flag} needs an NPY matrix, and {where} is none", fix=f"leave out {flag}")
    if names:
        raise UsageError(
            f"--no-header needs a log as CSV or TSV, and {where} has its names in it", fix="leave out --no-header"
        )


def _open(source: Tabular, where: str) -> BinaryIO:
    if str(source) == "-":
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError(
                "no input: name a file or a folder, or pipe a table in", fix="visrec … table.arrow, or … | visrec …"
            )
        return standard_input()
    path = Path(source)
    try:
        if path.is_dir():
            raise InputError(
                f"{where} is a folder, not a table",
                fix=f"visrec preprocess {shlex.quote(where)} makes a table of its pictures",
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise MissingInputError(f"{where} does not exist", fix="check the path; '-' reads stdin") from error
    except PermissionError as error:
        raise MissingInputError(
            f"{where} cannot be read: permission denied", fix=f"chmod +r {shlex.quote(where)}"
        ) from error
    except OSError as error:
        raise MissingInputError(f"{where} cannot be opened: {error.strerror or error}") from error


def _head(raw: BinaryIO, where: str) -> bytes:
    head = b""
    while len(head) < SNIFF:
        try:
            more = raw.read(SNIFF - len(head))
        except OSError as error:
            raise TransferError(f"{where}: reading failed ({error.strerror or error})") from error
        if not more:
            break
        head += more
    return head


def _random_access(source: Tabular, hashed: HashingSource) -> Any:
    """A memory map of a regular file; what comes through a pipe is held in memory."""
    if str(source) != "-" and stat.S_ISREG(Path(source).stat().st_mode):
        hashed.close()
        return pa.memory_map(os.fsencode(source))
    try:
        return pa.BufferReader(hashed.read())
    except OSError as error:
        raise TransferError(f"{name_of(source)}: reading failed ({error})") from error


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

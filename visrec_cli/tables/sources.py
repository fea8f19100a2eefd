"""Opening of one table's bytes: a file, stdin, or a member of an archive, unpacked where they are compressed."""

import os
import shlex
import stat
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from visrec_cli.errors import (
    InputError,
    MissingInputError,
    TransferError,
    TruncatedStreamError,
    UsageError,
    VisrecError,
)
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.tables.compression import archive_kind, compression_of, decompressed
from visrec_cli.tables.npy import NPY
from visrec_cli.tables.stream_frames import SNIFF, HashingSource
from visrec_cli.tables.streams import AGAIN

STREAM, ARROW, PARQUET = b"\xff\xff\xff\xff", b"ARROW1", b"PAR1"
ARROW_MAGICS = (STREAM, ARROW, PARQUET)
"""The first bytes of tables that are no text."""
MAGICS = (*ARROW_MAGICS, NPY)
_MORE = 512  # bytes that a tar has before its first file

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


class Source:
    """Bytes to be read as a table. head: the first of them, already taken from ``raw``. path: of the plain file that
    they are; None where they were unpacked or come from stdin. where: what messages call them."""

    def __init__(self, raw: BinaryIO, path: Path | None, where: str) -> None:
        self._raw: BinaryIO | None = raw
        self.head, self.path, self.where = b"", path, where

    def fill_head(self, size: int) -> None:
        """Read on until ``head`` has so many bytes, or there are no more."""
        assert self._raw is not None
        while len(self.head) < size:
            try:
                more = self._raw.read(size - len(self.head))
            except OSError as error:
                raise TransferError(f"{self.where}: reading failed ({error.strerror or error})") from error
            if not more:
                break
            self.head += more

    def taken(self) -> BinaryIO:
        """What is to be read after ``head``; whoever takes it closes it."""
        raw, self._raw = self._raw, None
        assert raw is not None
        return raw

    def stream(self) -> HashingSource:
        """All bytes, from the first on."""
        return HashingSource(self.taken(), self.head)

    @property
    def is_plain_file(self) -> bool:
        """Whether there is a file on disk in which one can jump about."""
        return self.path is not None and stat.S_ISREG(self.path.stat().st_mode)

    def random_access(self) -> Any:
        """A memory map of a regular file; what comes through a pipe, or is unpacked, is held in memory."""
        stream = self.stream()
        try:
            return pa.memory_map(os.fsencode(str(self.path))) if self.is_plain_file else pa.BufferReader(stream.read())
        except OSError as error:
            raise TransferError(f"{self.where}: reading failed ({error})") from error
        finally:
            stream.close()

    def __del__(self) -> None:
        """A file that is refused is closed."""
        if self._raw is not None and self.where != "stdin":
            self._raw.close()


def text_size(file: str | Path) -> int | None:
    """The bytes of a file that is read whole, as text is; None for tables of Arrow, and for what is no file."""
    if not Path(file).is_file():
        return None  # a pipe can be read once
    try:
        with Path(file).open("rb") as raw:
            return None if raw.read(SNIFF).startswith(MAGICS) else Path(file).stat().st_size
    except OSError:
        return None


def open_source(source: Tabular, role: str | None, report: Report) -> Source:
    """The bytes of a table, with enough of them in ``head`` to tell its format.

    role: what the table is to be, where an archive holds several (tables.known_files). report: is told which was taken.
    Raises MissingInputError, InputError for bytes that are no table, TruncatedStreamError, UnpackedError.
    """
    opened = _with_head(_open(source, name_of(source)))
    if opened.head.startswith(MAGICS):
        return opened
    opened = _unpacked(opened)
    kind = archive_kind(opened.head)
    return opened if kind is None else _unpacked(_of_archive(opened, kind, role, report))


def _open(source: Tabular, where: str) -> Source:
    if str(source) == "-":
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError(
                "no input: name a file or a folder, or pipe a table in", fix="visrec … table.arrow, or … | visrec …"
            )
        return Source(standard_input(), None, where)
    path = Path(source)
    try:
        if "::" in where and not path.exists():  # as in packed_files.MARK
            return _member(where)
        return Source(path.open("rb"), path, where)
    except FileNotFoundError as error:
        if isinstance(error, MissingInputError):
            raise
        raise MissingInputError(f"{where} does not exist", fix="check the path; '-' reads stdin") from error
    except PermissionError as error:
        raise MissingInputError(
            f"{where} cannot be read: permission denied", fix=f"chmod +r {shlex.quote(where)}"
        ) from error
    except OSError as error:
        raise MissingInputError(f"{where} cannot be opened: {error.strerror or error}") from error


def _with_head(source: Source) -> Source:
    """The source with its first bytes read: more of them where they are no table of Arrow."""
    source.fill_head(SNIFF)
    if not source.head:
        if source.where == "stdin":
            raise TruncatedStreamError("stdin is empty: the command before this one wrote nothing", fix=AGAIN)
        raise InputError(f"{source.where} is empty", fix="make the file again")
    if len(source.head) < SNIFF and any(magic.startswith(source.head) for magic in MAGICS):
        what = f"{source.where} stops after its first {counted(len(source.head), 'bytes')}"
        raise TruncatedStreamError(what, fix=AGAIN)
    if not source.head.startswith(MAGICS):
        source.fill_head(_MORE)
    return source


def _unpacked(source: Source) -> Source:
    """What a compressed file holds; other files as they are."""
    kind = compression_of(source.head)
    if kind is None:
        return source
    plain = Source(decompressed(source.taken(), source.head, source.where, kind), None, source.where)
    try:
        _with_head(plain)
    except VisrecError:
        plain.taken().close()
        raise
    if (again := compression_of(plain.head)) is not None:
        plain.taken().close()
        raise InputError(
            f"{source.where} is compressed twice ({kind}, then {again})", fix="unpack it once, and name the file"
        )
    return plain


def _member(where: str) -> Source:
    """The member that a path such as ``ml-1m.zip::ml-1m/ratings.dat`` names."""
    from visrec_cli.tables.packed_files import MARK, split_member

    archive, name = split_member(where) or (where.split(MARK)[0], "")
    opened = _unpacked(_with_head(_open(archive, archive)))
    kind = archive_kind(opened.head)
    if kind is None:
        raise InputError(f"{archive} is no archive, in which there could be a '{name}'", fix="check the path")
    from visrec_cli.tables.packed_files import TableArchive

    found = TableArchive(_seekable(opened), kind, archive)
    try:
        return Source(found.member(name), None, where)
    except VisrecError:
        found.close()
        raise


def _of_archive(source: Source, kind: str, role: str | None, report: Report) -> Source:
    """The one table of an archive that was named as a whole."""
    from visrec_cli.tables.packed_files import MARK, TableArchive, table_in

    archive = TableArchive(_seekable(source), kind, source.where)
    try:
        name = table_in(archive, source.where, role, report)
        return _with_head(Source(archive.member(name), None, f"{source.where}{MARK}{name}"))
    except VisrecError:
        archive.close()
        raise


def _seekable(source: Source) -> Any:
    """The bytes of an archive, in which whoever reads it jumps about."""
    from visrec_cli.tables.packed_files import seekable_copy

    if source.is_plain_file:
        raw = source.taken()
        raw.seek(0)
        return raw
    return seekable_copy(cast(BinaryIO, source.stream()))

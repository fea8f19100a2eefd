"""Archives where a table is due: the one table in them is read in place, or a member that the path names.

A member is named as one of pictures is: ``ml-1m.zip::ml-1m/ratings.dat``.
"""

import io
import lzma
import mimetypes
import tarfile
import tempfile
import zipfile
from shlex import quote
from typing import Any, BinaryIO

from visrec_cli.errors import InputError, MissingInputError, did_you_mean
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.compression import archive_kind, compression_of, decompressed
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.known_files import is_table_name, the_table
from visrec_cli.tables.tar_ends import require_end

MARK = "::"
ARCHIVES = (
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz2",
    ".tar.xz",
    ".txz",
)  # how the names of archives of files end
_SPREADSHEETS = ("[Content_Types].xml", "xl/workbook.xml")
_BROKEN: tuple[type[BaseException], ...] = (
    *LIBRARY_FAILURES,
    *(zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, RuntimeError, NotImplementedError),
)


def split_member(path: str) -> tuple[str, str] | None:
    """``"shop.zip::a/b.jpg"`` → ``("shop.zip", "a/b.jpg")``; None for the path of a plain file."""
    start = 0
    while (at := path.find(MARK, start)) >= 0:
        if path[:at].lower().endswith(ARCHIVES):
            return path[:at], path[at + len(MARK) :]
        start = at + 1
    return None


def refuse_archive(data: bytes, where: str) -> None:
    """Raises InputError for an archive, compressed or not, where a list of paths is due."""
    head, kind = data[:512], compression_of(data)
    if kind is not None:
        try:
            head = decompressed(io.BytesIO(data), b"", where, kind).read(512)
        except InputError:
            return  # a text that begins so
    if kind := archive_kind(head):
        try:
            names = list(TableArchive(io.BytesIO(data), kind, where).sizes) if kind == "zip" else []
        except InputError:
            return
        raise _refused(kind, names, where)


class TableArchive:
    """An archive that is open, with the size of each file in it by name; links, and what systems add, left out."""

    def __init__(self, file: BinaryIO, kind: str, where: str) -> None:
        self.kind, self._where, self._file = kind, where, file
        try:
            self._open: Any
            self._members: dict[str, Any]
            if kind == "zip":
                self._open = zipfile.ZipFile(file)
                self._members = {one.filename: one for one in self._open.infolist() if not one.is_dir()}
            else:
                self._open = tarfile.TarFile(fileobj=file)
                self._members = {one.name: one for one in self._open if one.isfile()}
                require_end(self._open, where, next(reversed(self._members), None))
        except InputError:
            file.close()
            raise
        except _BROKEN as error:
            file.close()
            raise self._damaged(error) from error

    def close(self) -> None:
        """Close the file behind it."""
        self._file.close()

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of each file, unpacked."""
        found = {name: one.file_size if self.kind == "zip" else one.size for name, one in self._members.items()}
        return {name: size for name, size in found.items() if not name.startswith("__MACOSX/")}

    def member(self, name: str) -> BinaryIO:
        """The bytes of one file, as a stream. Raises MissingInputError for one that is not there."""
        if name not in self._members:
            raise MissingInputError(
                f"{self._where} holds no file '{name}'", fix=did_you_mean(name, list(self.sizes)) or "check the name"
            )
        return _Member(self, self._members[name], f"{self._where}{MARK}{name}")  # type: ignore[return-value]

    def raw(self, member: Any) -> BinaryIO:
        """What the library reads a member with."""
        try:
            return self._open.open(member) if self.kind == "zip" else self._open.extractfile(member)
        except _BROKEN as error:
            raise self._damaged(error) from error

    def _damaged(self, error: BaseException) -> InputError:
        what = f"{self._where} cannot be read as an archive ({self.kind}): {in_short(error)}"
        return InputError(what, fix="fetch or pack it again, or unpack it and name the table")


class _Member:
    """A file in an archive. Unpacked bytes are counted, and what is damaged is refused with its name."""

    def __init__(self, archive: TableArchive, member: Any, where: str) -> None:
        self._archive, self._raw, self._where = archive, archive.raw(member), where
        packed = member.compress_size if archive.kind == "zip" else member.size
        self._counted = Unpacking(where, lambda: packed, otherwise="or unpack it, and name the file")

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes, or all that are left."""
        found = io.BytesIO()
        left = n
        while left:
            try:
                block = self._raw.read(min(left, 1 << 20) if left > 0 else 1 << 20)
            except _BROKEN as error:
                raise InputError(
                    f"{self._where} is damaged ({in_short(error)})", fix="fetch or pack the archive again"
                ) from error
            if not block:
                break
            self._counted.add(len(block))
            found.write(block)
            left -= len(block) if n >= 0 else 0
        return found.getvalue()

    def close(self) -> None:
        """Close it, and the archive."""
        self._raw.close()
        self._archive.close()


def table_in(archive: TableArchive, where: str, role: str | None, report: Report) -> str:
    """The name of the table in an archive that was named as a whole, which the report says where there is a choice.

    role: what the table is to be: ``log``, ``items`` or None. Raises InputError where it cannot be told, with the
    members that could be meant.
    """
    sizes = archive.sizes
    if any(name in _SPREADSHEETS for name in sizes) or "mimetype" in sizes:
        raise InputError(f"{where} is a spreadsheet", fix="save it as CSV (UTF-8)")
    pictures = [name for name in sizes if (mimetypes.guess_type(name)[0] or "").startswith("image/")]
    found = None if pictures else the_table(list(sizes), role)
    if found is None:
        tables = sorted((name for name in sizes if is_table_name(name)), key=lambda name: -sizes[name])
        likely = the_table(tables, "log") or the_table(tables, "items")
        shown = [likely, *(name for name in tables if name != likely)] if likely else tables
        raise _refused(archive.kind, list(sizes), where, shown)
    if len(sizes) > 1:
        report.warn(f"{where}: {found} is read, of {counted(len(sizes), 'files')} in the archive")
    return found


def _refused(kind: str, names: list[str], where: str, tables: list[str] | None = None) -> InputError:
    """An archive of pictures, or of several tables, with what to do for either."""
    inside = f" of {counted(len(names), 'files')}" if names else ""
    named = where.lower().endswith(ARCHIVES)
    name = quote(where) if named else f"pictures.{kind}, which must be a file of such a name"
    of_tables = "unpack it, and name the table"
    if tables:
        several = f"; the others are {', '.join(tables[1:4])}{' …' if len(tables) > 4 else ''}" if tables[1:] else ""
        member = f"{where if named else f'FILE.{kind}'}{MARK}{tables[0]}"
        of_tables = f"name one, as {quote(member)}{several}"
    only = tables and not any((mimetypes.guess_type(name)[0] or "").startswith("image/") for name in names)
    fix = of_tables if only else f"of pictures: visrec preprocess {name}; of tables: {of_tables}"
    return InputError(f"{where} is an archive ({kind}{inside})", fix=fix)


def seekable_copy(stream: BinaryIO) -> BinaryIO:
    """A temporary file with all bytes of a stream, at its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # whoever reads it closes it
    try:
        while block := stream.read(1 << 20):
            file.write(block)
    except BaseException:
        file.close()
        raise
    finally:
        stream.close()
    file.seek(0)
    return file

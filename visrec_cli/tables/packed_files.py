"""Bytes that are packed: a table that must be unpacked first, or an archive of files where one table is due."""

import bz2
import io
import lzma
import mimetypes
import shlex
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from visrec_cli.errors import InputError
from visrec_cli.runtime.display import counted

_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "zcat"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -dc"),
    b"BZh": ("bzip2", "bzcat"),
    b"\xfd7zXZ": ("xz", "xzcat"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -dc"),
    b"PK\x03\x04": ("zip", "unzip -p"),
}
_UNPACKERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
}
_SPREADSHEETS = (b"[Content_Types].xml", b"xl/workbook", b"mimetypeapplication/vnd.oasis")
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
_HEADER = 512  # bytes of a tar before its first file


def refuse_compressed(data: bytes, where: str, then: str) -> None:
    """Raises InputError, with the line that unpacks it: here a small file could become any size in memory.

    then: what stands in that line behind the command that makes a text of it.
    """
    refuse_archive(data, where)
    for mark, (kind, unpack) in _COMPRESSED.items():
        if data.startswith(mark):
            if kind == "zip" and any(name in data[:4096] for name in _SPREADSHEETS):
                raise InputError(f"{where} is a spreadsheet", fix="save it as CSV (UTF-8)")
            line = f"{unpack} {shlex.quote(where)}"
            if where == "stdin":  # where unzip reads nothing
                line = f"… | {unpack}" if kind != "zip" else f"{unpack} FILE.zip"
            raise InputError(f"{where} is compressed ({kind})", fix=f"{line} {then}")


def refuse_archive(data: bytes, where: str) -> None:
    """Raises InputError for an archive of several files, or of a picture, with what to do for either."""
    kind = "tar" if _is_tar(data) else "zip" if data.startswith(b"PK\x03\x04") else ""
    inside = "" if kind != "zip" else _of_a_zip(data)
    if kind == "tar" or inside:
        named = where.lower().endswith(ARCHIVES)
        name = shlex.quote(where) if named else f"pictures.{kind}, which must be a file of such a name"
        raise InputError(
            f"{where} is an archive ({kind}{inside})",
            fix=f"of pictures: visrec preprocess {name}; of tables: unpack it, and name the table",
        )


def _is_tar(data: bytes) -> bool:
    """Whether it is a tar, compressed or not."""
    head = data[:_HEADER]
    for mark, unpacker in _UNPACKERS.items():
        if data.startswith(mark):
            try:
                head = unpacker().decompress(data, _HEADER)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                return False
    return head[257:263] in (b"ustar\0", b"ustar ")


def _of_a_zip(data: bytes) -> str:
    """What a zip holds, in words, if it is no single table: that is unpacked as other compressed text is."""
    if any(name in data[:4096] for name in _SPREADSHEETS):
        return ""
    try:
        names = [one.filename for one in zipfile.ZipFile(io.BytesIO(data)).infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ""  # cut or damaged, which unzip will say
    picture = any((mimetypes.guess_type(name)[0] or "").startswith("image/") for name in names)
    return f" of {counted(len(names), 'files')}" if picture or len(names) != 1 else ""

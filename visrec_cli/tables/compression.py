"""Compressed tables and lists, unpacked while they are read: gzip, zstd, bzip2, lz4 and xz, by their first bytes."""

import contextlib
import io
import lzma
from typing import Any, BinaryIO, cast

import pyarrow as pa

from visrec_cli.errors import InputError, TruncatedStreamError
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.tables.failures import in_short

MARKS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ": "xz",
}
ENDINGS = (".gz", ".zst", ".bz2", ".lz4", ".xz")
"""How the names of files end that hold one compressed file."""
_AGAIN = "fetch or make the file again"


def compression_of(head: bytes) -> str | None:
    """How the bytes are compressed that begin so; None where they are not."""
    return next((kind for mark, kind in MARKS.items() if head.startswith(mark)), None)


def archive_kind(head: bytes) -> str | None:
    """``zip`` or ``tar`` for the first 512 bytes of one; else None."""
    return "zip" if head.startswith(b"PK\x03\x04") else "tar" if head[257:263] in (b"ustar\0", b"ustar ") else None


def decompressed(raw: BinaryIO, head: bytes, where: str, kind: str) -> BinaryIO:
    """What a compressed file holds, as a stream. head: bytes already taken from ``raw``.

    While it is read, it raises TruncatedStreamError for a file that was cut, InputError for a damaged one, and
    UnpackedError for one that becomes larger than runtime.decompression_limits allows.
    """
    return cast(BinaryIO, _Decompressed(raw, head, where, kind))


def decompressed_bytes(data: bytes, where: str) -> bytes:
    """The same for bytes at hand, which stay as they are where they are not compressed."""
    kind = compression_of(data)
    return data if kind is None else decompressed(io.BytesIO(data), b"", where, kind).read()


class _Decompressed:
    def __init__(self, raw: BinaryIO, head: bytes, where: str, kind: str) -> None:
        self._packed, self._where = _Packed(raw, head), where
        if kind == "xz":  # which Arrow has not
            self._plain: Any = lzma.LZMAFile(cast(BinaryIO, self._packed))  # noqa: SIM115  # closed below
        else:
            self._plain = pa.CompressedInputStream(pa.PythonFile(self._packed, "r"), kind)
        otherwise = "or unpack it, and name what is in it"
        self._counted = Unpacking(where, lambda: self._packed.count, otherwise=otherwise)

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes, or all that are left, block by block, so that each is counted before there are more."""
        found = io.BytesIO()
        left = n
        while left and (block := self._block(min(left, 1 << 20) if left > 0 else 1 << 20)):
            found.write(block)
            left -= len(block) if n >= 0 else 0
        return found.getvalue()

    def _block(self, n: int) -> bytes:
        try:
            block: bytes = self._plain.read(n)
        except (EOFError, lzma.LZMAError, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise  # of the disk, not of the compression
            if isinstance(error, EOFError) or "Truncated" in str(error):
                raise TruncatedStreamError(f"{self._where}: the compressed file was cut", fix=_AGAIN) from error
            what = f"{self._where}: the compressed file is damaged ({in_short(error)})"
            raise InputError(what, fix=_AGAIN) from error
        self._counted.add(len(block))
        return block

    def close(self) -> None:
        """Close the file behind it."""
        with contextlib.suppress(pa.ArrowException, OSError):
            self._plain.close()
        self._packed.close()


class _Packed:
    """The compressed bytes, counted, those of ``head`` first."""

    def __init__(self, raw: BinaryIO, head: bytes) -> None:
        self._raw, self._head = raw, head
        self.count = 0
        self.closed = False

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes."""
        block, self._head = (self._head, b"") if self._head else (self._raw.read(n), b"")
        self.count += len(block)
        return block

    def readable(self) -> bool:
        """Part of the file protocol."""
        return True

    def seekable(self) -> bool:
        """Part of the file protocol: nobody goes back."""
        return False

    def close(self) -> None:
        """Close the file behind it, unless it is stdin."""
        import sys

        self.closed = True
        if self._raw is not sys.stdin.buffer:
            self._raw.close()

"""Checksums that stand within the bytes that they cover: computed with zeros in the place of their own digits.

The trailer of a stream holds one over itself (tables.stream_frames). An Arrow or Parquet file has, between its last
batch and its footer, a block that no reader looks at, because all go from the footer to the batches::

    visrec checksum
    file   <sha256 of the file, with zeros for these 64 digits>
    footer <sha256 of the footer, up to the end of the file>
    end of checksum

The second is compared by every reader: the footer says where everything is. The first is a pass over the whole file,
and compared by ``visrec check``. In Parquet's own metadata they would be copied into what pyarrow makes of the file.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from visrec_cli.errors import TruncatedStreamError

BLANK = b"0" * 64  # the digits of a checksum that is not known yet
START, END = b"visrec checksum\n", b"\nend of checksum"
_FORM = re.compile(START + rb"file   ([0-9a-f]{64})\nfooter ([0-9a-f]{64}) {17}" + END)
BLOCK = 192  # bytes: a multiple of 64, so that whatever follows is where Arrow likes it
_FILE = slice(len(START) + 7, len(START) + 7 + len(BLANK))
TAILS = {b"ARROW1": 10, b"PAR1": 8}
"""What such files begin and end with, and the bytes after their footer: its length, then these."""

CHANGED = "the checksum differs: bytes were changed after they were written"
_AT_ONCE, _ENDLESS = 1 << 20, 1 << 62


@dataclass
class Verification:
    """Asks a reader to compare every checksum, also those that cost a pass; ``remarks`` name the bytes without one."""

    remarks: list[str] = field(default_factory=list)


class RandomAccess(Protocol):
    """A file open for reading: of Python or of pyarrow."""

    def seek(self, position: int, whence: int = 0) -> Any:
        """Part of the file protocol."""

    def read(self, size: int = -1) -> bytes:
        """Part of the file protocol."""


def with_own_checksum(message: bytes, blank: bytes) -> bytes:
    """The message with its sha256 for the zeros in ``blank``, which stands in it once."""
    before, found, after = message.partition(blank)
    assert found, "there is no place for the checksum"
    return before + blank.replace(BLANK, hashlib.sha256(message).hexdigest().encode()) + after


def fits_own_checksum(message: bytes, digits: str) -> bool:
    """The other way round: whether ``digits``, which stand in the message, are its sha256 with zeros there."""
    return hashlib.sha256(message.replace(digits.encode(), BLANK)).hexdigest() == digits


def with_block(ending: bytes, hashed: Any, magic: bytes) -> bytes:
    """The last bytes of a file, from anywhere before its footer on, with the block of checksums before the footer.

    hashed: a sha256 over all bytes before them. magic: what the file begins with, a key of TAILS.
    """
    footer = len(ending) - TAILS[magic] - int.from_bytes(ending[-TAILS[magic] :][:4], "little")
    digits = hashlib.sha256(ending[footer:]).hexdigest().encode()
    block = START + b"file   " + BLANK + b"\nfooter " + digits + b" " * 17 + END
    whole = ending[:footer] + block + ending[footer:]
    running = hashed.copy()
    running.update(whole)
    at = footer + _FILE.start
    return whole[:at] + running.hexdigest().encode() + whole[at + len(BLANK) :]


def compare(file: RandomAccess, magic: bytes, where: str, *, whole: bool) -> bool:
    """Compare the checksum of the footer, or of the ``whole`` file; False where there is none to compare.

    magic: what the file begins with, a key of TAILS. Raises TruncatedStreamError where the checksum differs.
    """
    block = _block_of(file, magic, where)
    if block is None:
        return False
    if whole and _with_zeros(file, block.at) != block.file:
        raise _changed(where)
    if not whole and _digits(sha256_of(file, block.at + BLOCK)) != block.footer:
        raise _changed(where)
    return True


class _Block(NamedTuple):
    """at: where it begins. file, footer: digits."""

    at: int
    file: bytes
    footer: bytes


def _block_of(file: RandomAccess, magic: bytes, where: str) -> _Block | None:
    """The block before the footer. Its ends stand for each other: one byte more, less or changed does not hide it."""
    size, tail = file.seek(0, 2), TAILS[magic]
    file.seek(max(size - tail, 0))
    length = int.from_bytes(file.read(tail)[:4], "little")
    at = size - tail - length - BLOCK
    if at < 0:
        return None  # there is no room for a block, nor, as its reader will say, for that footer
    before = min(at, BLOCK)
    file.seek(at - before)
    around = file.read(before + BLOCK)
    if START not in around and END not in around:
        return None
    form = _FORM.fullmatch(around, before)
    if form is None:
        raise _changed(where)
    return _Block(at, form[1], form[2])


def _changed(where: str) -> TruncatedStreamError:
    return TruncatedStreamError(f"{where}: {CHANGED}", fix="make the file again")


def _with_zeros(file: RandomAccess, block: int) -> bytes:
    """sha256 of the file with zeros in the place of its own digits, as digits."""
    at = block + _FILE.start
    running = sha256_of(file, 0, at)
    running.update(BLANK)
    return _digits(sha256_of(file, at + len(BLANK), running=running))


def sha256_of(file: RandomAccess, start: int, size: int | None = None, running: Any = None) -> Any:
    """sha256 of ``size`` bytes from ``start`` on (None: all; fewer where it ends), after what ``running`` has seen."""
    running = hashlib.sha256() if running is None else running
    file.seek(start)
    left = _ENDLESS if size is None else size
    while left > 0 and (part := file.read(min(left, _AT_ONCE))):
        running.update(part)
        left -= len(part)
    return running


def _digits(running: Any) -> bytes:
    return bytes(running.hexdigest(), "ascii")

"""The bytes of our Arrow streams: what is counted, hashed, ended (see tables.trailers) and, on failure, poisoned."""

import contextlib
import hashlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

END_MARK = b"\xff\xff\xff\xff\x00\x00\x00\x00"
POISON = b"\xff\xff\xff\xff\x08\x00\x00\x00"
SNIFF = 8
_AT_ONCE = 1 << 24  # a damaged length asks for any amount of memory before a byte of it was read


class HashingSource:
    """A readable that counts and hashes what passes. ``head`` are bytes already taken from ``raw`` to sniff them."""

    def __init__(self, raw: BinaryIO, head: bytes = b"") -> None:
        self._raw, self._head, self._hash = raw, head, hashlib.sha256()
        self.count = 0
        self.last = b""
        self.closed = False
        self._message: list[bytes] = []
        self.callback: Callable[[bytes], None] | None = None
        """Is given all that is read, before whoever reads it."""

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes, fewer only at the end: a pipe gives short reads, which Arrow would take for the end."""
        if n is None or n < 0:
            data = self._head + self._raw.read()
            self._head = b""
        else:
            pieces, self._head = [self._head[:n]], self._head[n:]
            left = n - len(pieces[0])
            while left and (more := self._raw.read(min(left, _AT_ONCE))):
                pieces.append(more)
                left -= len(more)
            data = b"".join(pieces)
        self._hash.update(data)
        self.count += len(data)
        self.last = (self.last + data)[-SNIFF:]
        self._message.append(data)
        if self.callback is not None:
            self.callback(data)
        return data

    def begin_message(self) -> None:
        """Forget the bytes of the message before; Arrow holds those of the last one too."""
        self._message.clear()

    def message(self) -> bytes:
        """All bytes since ``begin_message``."""
        return b"".join(self._message)

    def digest(self) -> str:
        """sha256 of all bytes read so far."""
        return self._hash.copy().hexdigest()

    def readable(self) -> bool:
        """Part of the file protocol."""
        return True

    def writable(self) -> bool:
        """Part of the file protocol."""
        return False

    def seekable(self) -> bool:
        """Part of the file protocol: a pipe is not."""
        return False

    def close(self) -> None:
        """Close the underlying file, unless it is stdin."""
        self.closed = True
        if self._raw is not sys.stdin.buffer:
            self._raw.close()

    def __del__(self) -> None:
        """A reader that is dropped half-way leaves no open file behind."""
        with contextlib.suppress(Exception):
            self.close()


class HashingSink:
    """A writable that counts and hashes what passes."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw, self._hash = raw, hashlib.sha256()
        self._held: bytearray | None = None
        self.count = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write all of data."""
        view = memoryview(data)
        if self._held is None:
            self._hash.update(view)
            self._raw.write(view)
        else:
            self._held += view
        self.count += view.nbytes
        return view.nbytes

    @contextlib.contextmanager
    def changed(self, change: Callable[[bytes, Any], bytes]) -> Iterator[None]:
        """What is written in this block is held back, and ``change(held, sha256 of all before)`` written for it."""
        self._held = bytearray()
        yield
        held, self._held = bytes(self._held), None
        self.count -= len(held)
        self.write(change(held, self._hash))

    def flush(self) -> None:
        """Flush the underlying file."""
        self._raw.flush()

    def tell(self) -> int:
        """Bytes written so far."""
        return self.count

    def readable(self) -> bool:
        """Part of the file protocol."""
        return False

    def writable(self) -> bool:
        """Part of the file protocol."""
        return True

    def seekable(self) -> bool:
        """Part of the file protocol."""
        return False

    def close(self) -> None:
        """The owner of the raw file closes it."""
        self.closed = True

    def digest(self) -> str:
        """sha256 of all bytes written so far."""
        return self._hash.hexdigest()

"""The bytes of our Arrow streams: what is counted, hashed, ended and, on failure, poisoned.

A stream that visrec writes ends with a *trailer*: a batch of zero rows whose custom metadata holds
``visrec.end = {"bytes": …, "rows": …, "sha256": …}`` over everything before it, then Arrow's own end mark. Other
readers pass over it. It is written only when the producer finished.
"""

import contextlib
import hashlib
import json
import sys
from typing import BinaryIO

from visrec_cli.errors import CutStreamError

END_KEY = b"visrec.end"
STREAM_KEY = b"visrec.stream"
END_MARK = b"\xff\xff\xff\xff\x00\x00\x00\x00"
POISON = b"\xff\xff\xff\xff\x08\x00\x00\x00"
SNIFF = 8


class HashingSource:
    """A readable that counts and hashes what passes. ``head`` are bytes already taken from ``raw`` to sniff them."""

    def __init__(self, raw: BinaryIO, head: bytes = b"") -> None:
        self._raw, self._head, self._hash = raw, head, hashlib.sha256()
        self.count = 0
        self.last = b""
        self.closed = False

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes, fewer only at the end: a pipe gives short reads, which Arrow would take for the end."""
        if n is None or n < 0:
            data = self._head + self._raw.read()
            self._head = b""
        else:
            data, self._head = self._head[:n], self._head[n:]
            while len(data) < n:
                more = self._raw.read(n - len(data))
                if not more:
                    break
                data += more
        self._hash.update(data)
        self.count += len(data)
        self.last = (self.last + data)[-SNIFF:]
        return data

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
        self.count = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write all of data."""
        view = memoryview(data)
        self._hash.update(view)
        self._raw.write(view)
        self.count += view.nbytes
        return view.nbytes

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

    def trailer(self, rows: int) -> dict[bytes, bytes]:
        """The custom metadata of the trailer, for all bytes written until now."""
        end = {"bytes": self.count, "rows": rows, "sha256": self._hash.hexdigest()}
        return {END_KEY: json.dumps(end, sort_keys=True).encode()}


def check_trailer(end: bytes, *, rows: int, digest: str, where: str) -> None:
    """Compare a trailer with what was read. Raises CutStreamError when they disagree."""
    try:
        said = json.loads(end)
        promised, written = int(said["rows"]), str(said["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise CutStreamError(f"{where}: the trailer is damaged", fix="make the file again") from error
    if promised != rows:
        raise CutStreamError(f"{where}: {rows} rows arrived, the producer wrote {promised}", fix="make the file again")
    if written != digest:
        raise CutStreamError(
            f"{where}: the checksum differs: bytes were changed after they were written", fix="make the file again"
        )

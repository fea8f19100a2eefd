"""When a file is known to be unchanged without reading it."""

import os
import time
from typing import NamedTuple

GRAIN_NS = 2_000_000_000  # FAT counts modification times in steps of 2 s; every other file system is finer


class Stamp(NamedTuple):
    """What the system said of a file, at a moment before its bytes were read.

    path: absolute, in the system's own bytes (names need not be text). identity: equal only if size, times of the last
    change of the content and of the entry, inode and device are. seen_ns, changed_ns: nanoseconds since 1970.
    """

    path: bytes
    identity: bytes
    seen_ns: int
    changed_ns: int

    @property
    def settled(self) -> bool:
        """Whether any later change must show in the identity.

        A file that was changed, read, and changed again within one step of the clock has the same time twice: what was
        read is then not known by its stamp (git calls such entries of its index racily clean). Times to come are no
        times to count from.
        """
        return self.seen_ns - self.changed_ns > GRAIN_NS


def stamp_of(path: str | os.PathLike[str]) -> Stamp:
    """The stamp of a file, links followed; to be taken before the bytes are read. Raises OSError like ``os.stat``."""
    seen = time.time_ns()  # before the look: a change after this moment is a change after the look, or shows in it
    status = os.stat(path)  # noqa: PTH116  # the quickest way; there are thousands
    # The entry's time (ctime) also shows a change whose maker then put the old modification time back, as cp -p does.
    parts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
    identity = " ".join(map(str, parts)).encode()
    return Stamp(os.fsencode(os.path.abspath(path)), identity, seen, status.st_mtime_ns)  # noqa: PTH100

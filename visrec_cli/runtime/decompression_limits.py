"""Limits on decompressed size.

An archive or a table may be unpacked to fifty times the bytes that it was read from, and in any case to 1 GiB or a
sixteenth of the memory. Honest ones stay below: pictures and vectors hardly shrink, logs to a tenth.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from visrec_cli.errors import UnpackedError, UsageError
from visrec_cli.runtime.display import sized

UNPACKED = "VISREC_MAX_UNPACKED"
_LEAST, _TIMES, _PART = 1 << 30, 50, 16
_GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # what a container may take


class Unpacking:
    """Counts the bytes that one source becomes, and refuses more than the limit.

    packed: how many bytes were read so far, or the size of the file. otherwise: what else than the variable helps.
    """

    def __init__(self, where: str, packed: Callable[[], int], *, otherwise: str) -> None:
        self._where, self._packed, self._otherwise = where, packed, otherwise
        self._setting, self._floor = _setting(), max(_LEAST, memory() // _PART)
        self._size = 0

    def add(self, size: int) -> None:
        """Count ``size`` more bytes, before they take memory. Raises UnpackedError above the limit."""
        self.require(size)
        self._size += size

    def require(self, size: int) -> None:
        """The same, and counts nothing."""
        size += self._size
        if self._setting is None and size <= self._floor:
            return
        most = max(self._floor, _TIMES * self._packed()) if self._setting is None else self._setting
        if size > most:
            raise UnpackedError(
                f"{self._where}: {sized(self._packed())} unpack to more than {sized(most)}",
                fix=f"{UNPACKED}={_next(size)} in the environment allows {_next(size)} GB; {self._otherwise}",
            )


def _next(size: int) -> int:
    """A round number of GB above a size: 10, 20, 50, 100 …"""
    steps = (step * 10**power for power in range(1, 18) for step in (1, 2, 5))
    return next(step for step in steps if step * 1e9 >= min(2 * size, 1e26))


def _setting() -> int | None:
    """What the environment says, in bytes. Raises UsageError where it says no number."""
    setting = os.environ.get(UNPACKED)
    if not setting:
        return None
    try:
        return int(float(setting) * 1e9)
    except (ValueError, OverflowError):
        raise UsageError(f"{UNPACKED}={setting} is not a number of GB", fix=f"{UNPACKED}=50") from None


@lru_cache(maxsize=1)
def memory() -> int:
    """Bytes of memory that this process may use at most: of the machine, or of its container; 0 where nobody says."""
    found = []
    with suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _GROUPS:
        with suppress(OSError, ValueError):
            found.append(int(Path(path).read_text()))  # "max" where there is no limit
    return max(0, min(found, default=0))

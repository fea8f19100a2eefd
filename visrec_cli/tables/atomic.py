"""Atomic writing: files appear complete or not at all."""

import contextlib
import glob
import os
import shlex
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from visrec_cli.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows: what killed runs leave stays
    fcntl = None  # type: ignore[assignment]

_JUST_BEGUN = 60  # seconds in which a part may not be locked yet


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes its name only when the block ends well. Raises OutputError when it cannot be made."""
    name, path = path, Path(os.path.realpath(path))  # a link keeps pointing to its target
    handle, temporary = _beside(path, name)
    _lock(handle)
    _sweep(path)
    try:
        with os.fdopen(handle, "w+b") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        _usual_mode(Path(temporary), path)
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def check_place(path: Path) -> None:
    """Raise OutputError where ``atomic`` would, before an hour of work."""
    if path.exists() and not path.is_file() and not path.is_dir():
        return  # a device is written to directly
    handle, temporary = _beside(Path(os.path.realpath(path)), path)
    os.close(handle)
    os.unlink(temporary)  # noqa: PTH108


def _beside(path: Path, name: Path) -> tuple[int, str]:
    """A temporary file, open, in the folder of ``path``, which people call ``name``."""
    if path.is_dir():
        inside = shlex.quote(f"{name}/table.arrow")
        raise OutputError(f"cannot write {name}: it is a folder", fix=f"name a file in it: -o {inside}")
    try:
        return tempfile.mkstemp(prefix=_prefix(path), suffix=".part", dir=path.parent)
    except OSError as error:
        lost = not path.parent.exists()
        raise OutputError(
            f"cannot write {name}: {'its folder does not exist' if lost else error.strerror or error}",
            fix=f"mkdir -p {shlex.quote(str(name.parent))}" if lost else None,
        ) from error


def _prefix(path: Path) -> str:
    """With what the names of its parts begin: no more than 80 bytes of its own, since a name may have 255."""
    return f".{os.fsencode(path.name)[:80].decode('utf-8', 'ignore')}."


def _lock(handle: int) -> None:
    """Mark a part as being written, for as long as this process lives."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a drive without locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sweep(path: Path) -> None:
    """Remove what killed runs left of this output: parts that nobody is writing. Who is killed cannot do it himself."""
    pattern = f"{glob.escape(str(path.parent / _prefix(path)))}*.part"
    for part in glob.glob(pattern, include_hidden=True) if fcntl is not None else ():  # noqa: PTH207
        with contextlib.suppress(OSError):  # it is locked, or gone by now
            if time.time() - os.stat(part).st_mtime < _JUST_BEGUN:  # noqa: PTH116
                continue
            with open(part, "rb") as left:  # noqa: PTH123
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(part)  # noqa: PTH108


def _usual_mode(temporary: Path, path: Path) -> None:
    """Temporary files are private; the result has the mode that an ordinary open() would have given."""
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)

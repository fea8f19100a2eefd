"""Entries of the cache folder beside the database, removed one by one."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from visrec_cli.runtime.embedding_cache.database import NAME, current, made_here, marker
from visrec_cli.runtime.folders import is_cache

FOLDERS = ("indexes", "kernels", "models")  # what visrec makes in its cache folder
SET_ASIDE = "set aside"
_DAY, _HOUR = 86_400, 3600  # seconds


@dataclass(frozen=True)
class CacheEntry:
    """Files that make sense only together. part: the folder that they are in. used: days since 1970."""

    part: str
    name: str
    paths: tuple[Path, ...]
    bytes: int
    used: int

    def remove(self) -> bool:
        """Remove it, and say whether it is gone: some systems do not let go of what is open."""
        for path in self.paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
        return not any(path.exists() for path in self.paths)


def things(folder: Path) -> list[CacheEntry]:
    """What is kept in our folders within this one; nothing of a folder that holds other people's things too."""
    return [thing for part in FOLDERS for thing in _within(folder, part)] if is_cache(folder) else []


def set_aside(folder: Path) -> list[CacheEntry]:
    """Databases that are used no more because they were damaged; why is their name."""
    found = []
    for mark in sorted(folder.glob("embeddings-*.damaged")):
        file = mark.with_suffix(".sqlite")
        if NAME.fullmatch(mark.name) and (is_cache(folder) or made_here(file)):
            with contextlib.suppress(OSError):
                why = mark.read_text("utf-8", "replace").strip()
                # The mark goes last: without it the database would be the current one.
                found.append(_thing(SET_ASIDE, f"{file.name}: {why}", [*database_files(file), mark]))
    return found


def database_files(file: Path) -> list[Path]:
    """A database and the logs beside it, those that are there."""
    beside = (file.with_name(file.name + ending) for ending in ("", "-wal", "-shm", "-journal"))
    return [path for path in beside if path.exists()]


def database(folder: Path) -> Path | None:
    """The database in use, if there is one and it is ours."""
    file = current(folder)
    return file if file.is_file() and not marker(file).exists() and (is_cache(folder) or made_here(file)) else None


def size_of(paths: list[Path]) -> int:
    """Their bytes on the disk, folders with all that is in them."""
    return sum(size for path in paths for size, _ in _looks(path))


def _within(folder: Path, part: str) -> Iterator[CacheEntry]:
    """A file with those that differ from it in the ending (an index and its manifest), or a folder."""
    place = folder / part
    if place.is_dir() and not place.is_symlink():
        finished = [path for path in place.iterdir() if not _in_the_making(path)]
        for name, paths in groupby(sorted(finished, key=_stem), key=_stem):
            yield _thing(part, name, list(paths))


def _in_the_making(path: Path) -> bool:
    """Whether another run seems to be writing this now, or may; what a run that was killed left there is not."""
    if path.name == ".lock":
        return True
    return path.name.startswith(".") and any(time.time() - used < _HOUR for _, used in _looks(path))


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def _thing(part: str, name: str, paths: list[Path]) -> CacheEntry:
    looks = [look for path in paths for look in _looks(path)]
    used = max((time for _, time in looks), default=0.0)
    return CacheEntry(part, name, tuple(paths), sum(size for size, _ in looks), int(used // _DAY))


def _looks(path: Path) -> Iterator[tuple[int, float]]:
    """Bytes and time of last use of each file; the system says when it was read, or at least when it was written."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    for file in inside:
        with contextlib.suppress(OSError):  # removed by another run just now
            status = file.lstat()
            if not file.is_dir() or file.is_symlink():
                yield status.st_size, max(status.st_atime, status.st_mtime)

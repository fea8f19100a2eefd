"""``cache``: contents, pruning and clearing of the cache folder, while other runs may use it."""

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.images.archives import split_member
from visrec_cli.runtime.embedding_cache import contents
from visrec_cli.runtime.embedding_cache.embeddings import EmbeddingCache, open_cache
from visrec_cli.runtime.folders import cache_dir, is_cache
from visrec_cli.runtime.report import Report
from visrec_cli.stages.cache.cache_entries import (
    FOLDERS,
    SET_ASIDE,
    database,
    database_files,
    set_aside,
    size_of,
    things,
)
from visrec_cli.stages.cache.removal import RemovalSummary, drop_unused

_ROUNDS = 5  # a page of the database goes when all its rows have gone: it may take more than was reckoned
_FIX = "name the folder that was given to --cache or VISREC_CACHE_DIR"


@dataclass(frozen=True)
class CachePart:
    """Things of one sort that are kept; name: the kind of embeddings. used: days since 1970, of the last use."""

    part: str
    name: str
    count: int
    bytes: int
    used: int


@dataclass(frozen=True)
class Contents:
    """All that is kept in a cache folder. bytes: on the disk. files: known without being read."""

    folder: Path
    bytes: int
    parts: list[CachePart]
    files: int


def info(folder: Path | None = None, *, report: Report | None = None) -> Contents:
    """What is kept. Raises MissingInputError, and InputError for a folder that is not a cache of visrec."""
    place = _place(folder)
    parts, files = list[CachePart](), 0
    with _opened(place, report) as cache:
        if cache is not None:
            parts = [CachePart("embeddings", one.name, one.count, one.bytes, one.used) for one in _kinds(cache)]
            files = cache.attempt(contents.files, 0)
    found = things(place)
    for part in FOLDERS:
        if inside := [thing for thing in found if thing.part == part]:
            size, used = sum(thing.bytes for thing in inside), max(thing.used for thing in inside)
            parts.append(CachePart(part, "", len(inside), size, used))
    parts += [CachePart(SET_ASIDE, thing.name, 1, thing.bytes, thing.used) for thing in set_aside(place)]
    return Contents(place, _size(place), parts, files)


def prune(
    folder: Path | None = None,
    *,
    max_bytes: int | None = None,
    max_days: int | None = None,
    report: Report | None = None,
) -> RemovalSummary:
    """Remove what is of no use (damaged databases, entries of files that are gone), then what was not used for longest.

    max_bytes: as far as needed for the folder to be no larger. max_days: all that was not used for longer.
    Raises like ``info``.
    """
    place, gone = _place(folder), RemovalSummary()
    _say_what_stays(place, report)
    with _opened(place, report) as cache:
        if cache is not None:
            lost = cache.attempt(lambda opened: contents.forget_lost_files(opened, _is_there), 0)
            gone.add("files", lost, 0)
        for thing in set_aside(place):
            gone.take(thing)
        if max_days is not None:
            drop_unused(place, cache, gone, before=int(time.time() // 86_400) - max_days)
        if max_bytes is not None:
            for _ in range(_ROUNDS):
                over = _size(place) - max_bytes
                if over <= 0 or not drop_unused(place, cache, gone, enough=over):
                    break
    gone.left = _size(place)
    return gone


def clear(folder: Path | None = None, *, report: Report | None = None) -> RemovalSummary:
    """Remove all that visrec keeps, and nothing else; the empty database stays, for others may have it open.

    Raises like ``info``.
    """
    place, gone = _place(folder), RemovalSummary()
    _say_what_stays(place, report)
    with _opened(place, report) as cache:
        if cache is not None:
            for held in _kinds(cache):
                gone.add("embeddings", held.count, held.bytes)
            gone.add("files", cache.attempt(contents.files, 0), 0)
            cache.attempt(contents.clear, None)
            cache.attempt(contents.shrink, None)
    for thing in [*set_aside(place), *things(place)]:
        gone.take(thing)
    for part in FOLDERS if is_cache(place) else ():
        with contextlib.suppress(OSError):  # not empty, or not there
            (place / part).rmdir()
    gone.left = _size(place)
    return gone


def _place(folder: Path | None) -> Path:
    """The folder to look into. What a variable names is a cache; what --cache names has to look like one."""
    place = folder or cache_dir()
    if not place.exists():
        raise MissingInputError(f"{place} does not exist", fix=_FIX)
    try:
        empty = not any(place.iterdir())
    except OSError as error:
        raise InputError(f"cannot look into {place}: {error.strerror or error}", fix=_FIX) from error
    if folder is not None and not (empty or is_cache(place) or database(place) or set_aside(place)):
        raise InputError(f"{place} is not a cache of visrec: it contains only other files", fix=_FIX)
    return place


@contextmanager
def _opened(place: Path, report: Report | None) -> Iterator[EmbeddingCache | None]:
    """The embeddings kept there; None where there are none."""
    # A fresh one is begun before a damaged one goes: its number must not be used again while somebody has it open.
    cache = open_cache(place, report or Report()) if database(place) or set_aside(place) else None
    try:
        yield cache
    finally:
        if cache is not None:
            cache.close()


def _say_what_stays(place: Path, report: Report | None) -> None:
    """In a folder that visrec did not make, a folder "models" may be anybody's."""
    cache_parts = [part for part in FOLDERS if (place / part).exists()]
    if report is not None and cache_parts and not is_cache(place):
        report.warn(
            f"{place} contained other files before visrec used it, so {' and '.join(cache_parts)} in it are kept"
        )


def _is_there(path: str) -> bool:
    """Whether a file, or the archive that it is in, still exists."""
    member = split_member(path)
    return os.path.lexists(path) or (member is not None and os.path.lexists(member[0]))


def _kinds(cache: EmbeddingCache) -> list[contents.Held]:
    return cache.attempt(contents.kinds, list[contents.Held]())


def _size(place: Path) -> int:
    file = database(place)
    kept = size_of(database_files(file)) if file else 0
    return kept + sum(thing.bytes for thing in [*set_aside(place), *things(place)])

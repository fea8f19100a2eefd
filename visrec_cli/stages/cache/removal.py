"""Removal of entries, least recently used first, with a summary."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from visrec_cli.runtime.embedding_cache import contents
from visrec_cli.runtime.embedding_cache.embeddings import EmbeddingCache
from visrec_cli.stages.cache.cache_entries import CacheEntry, database, database_files, size_of, things


@dataclass
class RemovalSummary:
    """What went, by part: how many, and their bytes; ``left``: bytes that the folder has now."""

    counts: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    left: int = 0

    def add(self, part: str, count: int, size: int) -> None:
        """Note that so many went."""
        self.counts[part] += count
        self.bytes[part] += size

    def take(self, thing: CacheEntry) -> None:
        """Remove a thing, and note it if it went."""
        self.add(thing.part, *_remove(thing, 0))


class RemovalCandidate(NamedTuple):
    """What was last used on one day (since 1970). drop: remove so many bytes or more; gives count and bytes."""

    used: int
    part: str
    bytes: int
    drop: Callable[[int], tuple[int, int]]


def drop_unused(
    folder: Path,
    cache: EmbeddingCache | None,
    gone: RemovalSummary,
    *,
    before: int | None = None,
    enough: int | None = None,
) -> int:
    """Remove what was last used before a day, or the longest unused until ``enough`` bytes went; gives these bytes."""
    freed = 0
    for lot in sorted(_lots(folder, cache), key=lambda lot: lot.used):
        if (before is not None and lot.used >= before) or (enough is not None and freed >= enough):
            break
        count, size = lot.drop(lot.bytes if enough is None else enough - freed)
        gone.add(lot.part, count, size)
        freed += size
    if cache is not None:
        cache.attempt(contents.shrink, None)
    return freed


def _lots(folder: Path, cache: EmbeddingCache | None) -> Iterator[RemovalCandidate]:
    for thing in things(folder):
        yield RemovalCandidate(thing.used, thing.part, thing.bytes, partial(_remove, thing))
    file = database(folder)
    days = cache.attempt(contents.days, list[contents.Held]()) if cache else []
    if cache is None or file is None or not days:
        return
    # They take more on the disk than their own bytes: keys, checksums, pages that are not full.
    share = size_of(database_files(file)) / max(1, sum(day.bytes for day in days))
    for day in days:
        yield RemovalCandidate(day.used, "embeddings", int(day.bytes * share), partial(_drop, cache, day.used, share))


def _remove(thing: CacheEntry, enough: int) -> tuple[int, int]:
    return (1, thing.bytes) if thing.remove() else (0, 0)


def _drop(cache: EmbeddingCache, day: int, share: float, enough: int) -> tuple[int, int]:
    count, size = cache.attempt(lambda opened: contents.drop(opened, day, int(enough / share) + 1), (0, 0))
    return count, int(size * share)

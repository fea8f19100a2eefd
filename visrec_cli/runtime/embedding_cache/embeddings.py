"""The cache of vectors: bytes known by what they were made from, and files known without being read."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from visrec_cli.runtime.embedding_cache.database import Damaged, Unshareable, connect, current, is_damage, set_aside
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp
from visrec_cli.runtime.embedding_cache.rows import read_files, read_payloads, write
from visrec_cli.runtime.folders import cache_dir, make_cache
from visrec_cli.runtime.report import Report

T = TypeVar("T")


def open_cache(folder: Path | None, report: Report) -> "EmbeddingCache | None":
    """The cache in this folder, made if need be; None means the user's cache folder.

    None comes back where no cache can be kept (a folder that cannot be written, a full disk, a file system without
    locks), with a warning: the run goes on without.
    """
    cache = EmbeddingCache(folder or cache_dir(), report)
    return cache if cache.works() else None


class EmbeddingCache:
    """Payloads under (kind, digest), and the digests of files that have not changed.

    A cache is never the truth. Every row carries a checksum over its key and content, compared whenever it is read; a
    damaged database is set aside, said and begun anew, and one that can no longer be used is said and left alone: no
    method raises for it, what is not there is computed again. Each ``keep`` is one transaction: a kill loses the batch
    in flight and no other. All methods may be called from any thread, one at a time gets through, and by several
    processes at once, each with a cache of its own (not one that was open before a fork).
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file = folder
        self._off = False

    def works(self) -> bool:
        """Whether the cache can still be read and written."""
        return self.attempt(lambda connection: True, False)

    def known(self, stamps: Sequence[Stamp]) -> list[bytes | None]:
        """The digest of each file that is unchanged since it was remembered; None for the others, to be read again."""
        return self.attempt(lambda connection: read_files(connection, stamps), [None] * len(stamps))

    def remember(self, files: Sequence[tuple[Stamp, bytes]]) -> None:
        """Know these files by their stamps, taken before the bytes of this digest were read.

        Files that changed so shortly before they were read that a second change might not show are not remembered:
        they are read again next time.
        """
        self.attempt(lambda connection: write(connection, "", {}, files), None)

    def find(self, kind: str, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is kept of this kind for these digests; what is missing has to be computed."""
        return self.attempt(lambda connection: read_payloads(connection, kind, digests), {})

    def keep(
        self, kind: str, entries: Sequence[tuple[bytes, bytes]], files: Sequence[tuple[Stamp, bytes]] = ()
    ) -> None:
        """Keep (digest, payload) pairs of this kind, and remember files, all in one transaction.

        What is there already stays as it is: whoever came first is right.
        """
        self.attempt(lambda connection: write(connection, kind, dict(entries), files), None)

    def attempt(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """The result of ``work`` on the database, or on a fresh one where it is damaged; else ``otherwise``."""
        with self._lock:
            for last in (False, True):
                if self._off:
                    break
                try:
                    if self._connection is None:
                        make_cache(self._folder)
                        self._file = current(self._folder)
                        self._connection = connect(self._file)
                    return work(self._connection)
                except sqlite3.ProgrammingError:
                    raise  # a bug of ours says nothing about the database
                except (Damaged, Unshareable, sqlite3.Error, OSError, MemoryError, UnicodeError) as error:
                    self._give_up(error, for_good=last or not is_damage(error, self._file))
            return otherwise

    def close(self) -> None:
        """Let go of the database; nothing is kept or found any more."""
        with self._lock:
            self._off = True
            self._disconnect()

    def __enter__(self) -> "EmbeddingCache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _give_up(self, error: Exception, *, for_good: bool) -> None:
        self._disconnect()
        if not for_good:
            try:
                set_aside(self._file, str(error))
                self._report.warn(
                    f"the cache of embeddings was damaged ({error}); it is set aside as {self._file}, and a fresh one "
                    "begun"
                )
                return
            except OSError as trouble:
                error = trouble
        self._off = True
        self._report.warn(f"the cache in {self._folder} cannot be used ({error}); this run continues without it")

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

"""What a database of embeddings holds, and how it is made smaller while others use it."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from visrec_cli.runtime.embedding_cache.database import transaction

_AT_ONCE = 5000  # rows or pages of one transaction: others who write wait for less than a second


@dataclass(frozen=True)
class Held:
    """How much is held under one name. used: days since 1970, of the last use."""

    name: str
    count: int
    bytes: int
    used: int


def kinds(connection: sqlite3.Connection) -> list[Held]:
    """The kinds of embeddings, by name."""
    query = (
        "SELECT k.name, count(*), sum(e.bytes), max(e.used) FROM kinds k JOIN entries e ON e.kind = k.number "
        "GROUP BY k.name ORDER BY k.name"
    )
    return [Held(*row) for row in connection.execute(query)]


def days(connection: sqlite3.Connection) -> list[Held]:
    """The embeddings by the day on which they were last used."""
    query = "SELECT '', count(*), sum(bytes), used FROM entries GROUP BY used"
    return [Held(*row) for row in connection.execute(query)]


def files(connection: sqlite3.Connection) -> int:
    """The number of files that are known without being read."""
    return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])


def drop(connection: sqlite3.Connection, day: int, enough: int) -> tuple[int, int]:
    """Drop embeddings last used on this day, the first kept first, until ``enough`` bytes; how many, and bytes."""
    count = size = 0
    while size < enough:
        with transaction(connection):
            query = "SELECT kind, digest, payload, bytes FROM entries WHERE used = ? ORDER BY payload LIMIT ?"
            part = []
            for kind, digest, payload, length in connection.execute(query, (day, _AT_ONCE)).fetchall():
                if size >= enough:
                    break
                part.append((kind, digest, payload))
                size += length
            connection.executemany("DELETE FROM payloads WHERE number = ?", ((number,) for _, _, number in part))
            connection.executemany("DELETE FROM entries WHERE kind = ? AND digest = ?", (row[:2] for row in part))
        count += len(part)
        if not part:
            break
    return count, size


def forget_lost_files(connection: sqlite3.Connection, is_there: Callable[[str], bool]) -> int:
    """Forget the files that are no more, and say how many they were."""
    paths = [path for (path,) in connection.execute("SELECT path FROM files")]
    lost = [(path,) for path in paths if not is_there(os.fsdecode(path))]
    with transaction(connection):
        connection.executemany("DELETE FROM files WHERE path = ?", lost)
    return len(lost)


def clear(connection: sqlite3.Connection) -> None:
    """Drop everything."""
    with transaction(connection):
        for table in ("entries", "payloads", "files", "kinds"):
            connection.execute(f"DELETE FROM {table}")


def shrink(connection: sqlite3.Connection) -> None:
    """Give the space of what was dropped back to the system, as far as others who read allow it.

    VACUUM would leave less, and keep everybody else from writing for a minute.
    """
    while free := _free(connection):
        # A script, because a cursor would take one step, which frees one page.
        connection.executescript(f"PRAGMA incremental_vacuum({_AT_ONCE})")
        if _free(connection) >= free:
            break
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _free(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])

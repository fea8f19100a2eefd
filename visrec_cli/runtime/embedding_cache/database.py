"""The SQLite database of kept vectors: made, opened, known when damaged, and then set aside.

A database is never renamed or removed while it is the current one, because another process may have it open: SQLite
finds the log beside it by its name, and would take or remove that of the new one. So the fresh one gets a new name:
``embeddings-2.sqlite`` after ``embeddings-1.sqlite``, which a file ``embeddings-1.damaged`` marks.
Source: sqlite.org/howtocorrupt.html, 2.4.
"""

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

NAME = re.compile(r"embeddings-(\d{1,9})\.(sqlite|damaged)")
_FORMAT = 1
_APPLICATION = int.from_bytes(b"vsrc")
_PATIENCE = 20.0  # seconds to wait for another process that writes; it holds the lock for one batch
_SCHEMA = (
    "CREATE TABLE kinds (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # Small rows, apart from what they stand for: the day of last use is written without moving a vector.
    "CREATE TABLE entries (kind INTEGER, digest BLOB, payload INTEGER NOT NULL, bytes INTEGER NOT NULL, "
    "used INTEGER NOT NULL, PRIMARY KEY (kind, digest)) WITHOUT ROWID",
    "CREATE TABLE payloads (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE files (path BLOB PRIMARY KEY, identity BLOB NOT NULL, digest BLOB NOT NULL, checksum BLOB NOT NULL) "
    "WITHOUT ROWID",
)
_SURROUNDINGS = {  # what says nothing about the database, but about the disk or the others who use it
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_PROTOCOL,
}


class Damaged(Exception):
    """The database is damaged."""


class Unshareable(Exception):
    """The file system lacks what several processes need to share a database."""


def current(folder: Path) -> Path:
    """The database in use in this folder, or the one to be made."""
    numbers = [int(found[1]) for path in folder.iterdir() if (found := NAME.fullmatch(path.name))]
    newest = folder / f"embeddings-{max(numbers, default=1)}.sqlite"
    return folder / f"embeddings-{max(numbers) + 1}.sqlite" if marker(newest).exists() else newest


def marker(file: Path) -> Path:
    """What says that this database was set aside, and why."""
    return file.with_suffix(".damaged")


def set_aside(file: Path, why: str) -> None:
    """Have this database used no more, by this process and all that come. Raises OSError."""
    marker(file).write_text(f"{why}\n", "utf-8")


def made_here(file: Path) -> bool:
    """Whether the head of this file says that it is a database that visrec made."""
    try:
        with file.open("rb") as raw:
            head = raw.read(100)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") and head[68:72] == _APPLICATION.to_bytes(4)


def is_damage(error: Exception, file: Path) -> bool:
    """Whether an error of reading or writing lies in the database, and not in the disk or in those who share it."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_READONLY:
            return os.access(file, os.W_OK)  # then a damaged header says that it must not be written
        return code & 0xFF not in _SURROUNDINGS
    # A damaged length can ask for any amount of memory, and SQLite puts damaged names into its messages.
    return isinstance(error, Damaged | MemoryError | UnicodeError)


def connect(file: Path) -> sqlite3.Connection:
    """Open a database, or make it; several may do so at once. Raises Damaged, Unshareable, sqlite3.Error."""
    connection = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        # Without a sync per commit: a kill loses nothing that was committed, a power cut perhaps the last batches.
        connection.execute("PRAGMA synchronous = NORMAL")
        _make(connection)
        _share(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that the block writes, or nothing of it; others who write wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _make(connection: sqlite3.Connection) -> None:
    if not _schema(connection):
        connection.execute("PRAGMA page_size = 16384")  # rows of 1 to 5 KB leave half of the usual page empty
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        with transaction(connection):
            if not _schema(connection):  # nobody was quicker
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_FORMAT}")
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise Damaged("it is a database of something else")
    if version != _FORMAT:
        raise Damaged(f"it has format {version}, this visrec writes {_FORMAT}")
    if _schema(connection) != list(_SCHEMA):
        raise Damaged("its tables are not those that visrec made")


def _schema(connection: sqlite3.Connection) -> list[str]:
    return [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]


def _share(connection: sqlite3.Connection) -> None:
    """Write ahead into a log, so that who reads and who writes need not wait for each other."""
    late = time.monotonic() + _PATIENCE
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:  # SQLite itself does not wait for this lock
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > late:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise Unshareable("its file system cannot share a SQLite database")

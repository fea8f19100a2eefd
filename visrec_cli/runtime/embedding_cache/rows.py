"""The rows of the cache: written with a checksum over key and content, believed only when it fits."""

import hashlib
import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from visrec_cli.runtime.embedding_cache.database import Damaged, transaction
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp

_AT_ONCE = 900  # parameters of one statement: SQLite before 3.32 took 999


def read_files(connection: sqlite3.Connection, stamps: Sequence[Stamp]) -> list[bytes | None]:
    """The digest of each file whose stamp is the remembered one, else None. Raises Damaged."""
    found: dict[bytes, tuple[bytes, bytes]] = {}
    query = "SELECT path, identity, digest, checksum FROM files WHERE path IN"
    for path, identity, digest, checksum in _selected(connection, query, [], [stamp.path for stamp in stamps]):
        if checksum != _checksum(path, identity, digest):
            raise Damaged("a file's entry does not fit its checksum")
        found[path] = (identity, digest)
    kept = (found.get(stamp.path) for stamp in stamps)
    return [one[1] if one and one[0] == stamp.identity else None for one, stamp in zip(kept, stamps, strict=True)]


def read_payloads(connection: sqlite3.Connection, kind: str, digests: Sequence[bytes]) -> dict[bytes, bytes]:
    """What is kept under these digests, marked as used today. Raises Damaged."""
    today = _today()
    found, used = _payloads(connection, kind, digests)
    faded = [digest for digest, day in used.items() if day != today]
    if faded:
        with transaction(connection):
            connection.executemany(
                "UPDATE entries SET used = ? WHERE kind = (SELECT number FROM kinds WHERE name = ?) AND digest = ?",
                ((today, kind, digest) for digest in faded),
            )
    return found


def _payloads(
    connection: sqlite3.Connection, kind: str, digests: Sequence[bytes]
) -> tuple[dict[bytes, bytes], dict[bytes, int]]:
    """Payload and day of last use by digest, of those that are there."""
    found, used = {}, {}
    query = (
        "SELECT e.digest, e.used, p.bytes, p.checksum FROM kinds k JOIN entries e ON e.kind = k.number "
        "LEFT JOIN payloads p ON p.number = e.payload WHERE k.name = ? AND e.digest IN"
    )
    for digest, day, payload, checksum in _selected(connection, query, [kind], list(dict.fromkeys(digests))):
        if checksum != _checksum(kind.encode(), digest, payload):
            raise Damaged("an embedding does not fit its checksum")
        found[digest], used[digest] = payload, day
    return found, used


def write(
    connection: sqlite3.Connection, kind: str, entries: Mapping[bytes, bytes], files: Sequence[tuple[Stamp, bytes]]
) -> None:
    """Write payloads by digest, and the digests of files whose stamps are settled, in one transaction.

    Raises Damaged where they are not found again at once: pages whose order is lost take rows and do not give them.
    """
    settled = list({stamp.path: (stamp, digest) for stamp, digest in files if stamp.settled}.values())
    if not entries and not settled:
        return
    with transaction(connection):
        if entries:
            _write_payloads(connection, kind, entries)
        connection.executemany(
            "INSERT OR REPLACE INTO files (path, identity, digest, checksum) VALUES (?, ?, ?, ?)",
            ((one.path, one.identity, digest, _checksum(one.path, one.identity, digest)) for one, digest in settled),
        )
        if len(_payloads(connection, kind, list(entries))[0]) < len(entries) or None in read_files(
            connection, [stamp for stamp, _ in settled]
        ):
            raise Damaged("a cache write could not be read back")


def _write_payloads(connection: sqlite3.Connection, kind: str, entries: Mapping[bytes, bytes]) -> None:
    connection.execute("INSERT OR IGNORE INTO kinds (name) VALUES (?)", (kind,))
    (number,) = connection.execute("SELECT number FROM kinds WHERE name = ?", (kind,)).fetchone()
    query = "SELECT digest FROM entries WHERE kind = ? AND digest IN"
    stored = {digest for (digest,) in _selected(connection, query, [number], list(entries))}
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM payloads").fetchone()
    new = [(place, *pair) for place, pair in enumerate(entries.items(), last + 1) if pair[0] not in stored]
    connection.executemany(
        "INSERT INTO payloads (number, bytes, checksum) VALUES (?, ?, ?)",
        ((place, payload, _checksum(kind.encode(), digest, payload)) for place, digest, payload in new),
    )
    today = _today()
    connection.executemany(
        "INSERT INTO entries (kind, digest, payload, bytes, used) VALUES (?, ?, ?, ?, ?)",
        ((number, digest, place, len(payload), today) for place, digest, payload in new),
    )


def _selected(
    connection: sqlite3.Connection, query: str, first: list[Any], values: Sequence[bytes]
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        rows += connection.execute(f"{query} ({','.join('?' * len(part))})", [*first, *part]).fetchall()
    return rows


def _checksum(*parts: bytes) -> bytes:
    """16 bytes that only these parts, in this order, have. Raises Damaged when one is of another kind than bytes."""
    if not all(isinstance(part, bytes) for part in parts):
        raise Damaged("a row is not of the kind that was written")
    running = hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts[:-1]))
    running.update(parts[-1])
    return running.digest()[:16]


def _today() -> int:
    """Days since 1970: fine enough to say what has not been used for long, and seldom written."""
    return int(time.time() // 86_400)

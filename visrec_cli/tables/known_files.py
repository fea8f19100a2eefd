"""Which of several files is the table that is wanted: by the names that well-known sets have.

MovieLens (``ratings.csv``, ``ratings.dat``, ``u.data``, ``movies.csv``), RecBole (``.inter``, ``.item``) and LensKit.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

from visrec_cli.tables.compression import ENDINGS

BINARY = (".parquet", ".arrow", ".arrows", ".feather", ".ipc", ".npy")
"""How the names of tables end that are no text."""
_VAGUE = (".txt", ".dat", ".data", ".json")  # of tables as of anything else
_TABLES = (".csv", ".tsv", ".ndjson", ".jsonl", ".inter", ".item", ".user", *_VAGUE, *BINARY)
_NO_TABLES = ("readme*", "license*", "licence*", "citation*", "checksums*")
_ROLES = {
    "log": ("ratings.*", "interactions.*", "u.data", "*.inter"),
    "items": ("movies.csv", "items.*", "*.item", "item.parquet"),
}
_NO_HEADER = ("ratings.dat", "u.data")
_FOUR_NUMBERS = re.compile(rb"\d+(::|\t)\d+\1[\d.]+\1\d+\r?(\n|$)")


def plain_ending(name: str) -> str:
    """The ending of a file's name in small letters, without that of its compression: ``.csv`` of ``log.CSV.gz``."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in ENDINGS else path.suffix


def is_table_name(name: str) -> bool:
    """Whether a file of this name is usually a table."""
    base = PurePosixPath(name).name.lower()
    return plain_ending(base) in _TABLES and not any(fnmatch(base, form) for form in _NO_TABLES)


def is_part_name(name: str) -> bool:
    """The same in a folder, where a text of a vague ending is a table only if it has a number, as part-00000.json."""
    known = any(_plays(name, role) for role in _ROLES)
    return is_table_name(name) and (known or plain_ending(name) not in _VAGUE or any(map(str.isdigit, name)))


def the_table(names: Sequence[str], role: str | None) -> str | None:
    """The one file of several that is the table: the only file, the only table, or the one that is called as the log
    (role ``log``) or the items (``items``) of a well-known set; else None."""
    tables = [name for name in names if is_table_name(name)]
    known = [name for name in tables if _plays(name, role)]
    return next((some[0] for some in (names, tables, known) if len(some) == 1), None)


def _plays(name: str, role: str | None) -> bool:
    base = PurePosixPath(name).name.lower()
    return any(fnmatch(base, form) for form in _ROLES.get(role or "", ()))


def lacks_header(name: str, head: bytes) -> bool:
    """Whether this is a log of MovieLens whose first line is data: user, item, rating and time."""
    return PurePosixPath(name).name.lower() in _NO_HEADER and _FOUR_NUMBERS.match(head) is not None

"""Id lists in files: one id per line, or a table with an id column."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.tables.ids import ITEM_ALIASES, USER_ALIASES, as_ids
from visrec_cli.tables.readers import Tabular, is_path, name_of, open_table
from visrec_cli.tables.text_codec import WIDE_MARKS, lines_of

_TABLES = (b"ARROW1", b"PAR1", b"\xff\xff\xff\xff", b"{")


def user_ids(source: Tabular) -> list[str]:
    """The users of a list, a table or a file, each once, in order. Raises InputError where there are none."""
    return _ids(source, USER_ALIASES, "users")


def item_ids(source: Tabular) -> list[str]:
    """The items of a list, a table or a file, each once, in order. Raises InputError where there are none."""
    return _ids(source, ITEM_ALIASES, "items")


def _ids(source: Tabular, aliases: Sequence[str], what: str) -> list[str]:
    where = name_of(source)
    if isinstance(source, list | tuple):
        found = [str(one) for one in source]
    elif is_path(source) and str(source) == "-":
        raise UsageError(f"a list of {what} cannot come from stdin", fix="write it into a file")
    elif is_path(source) and Path(source).exists() and not Path(source).is_file() and not Path(source).is_dir():
        found = _piped(Path(source), what)
    elif is_path(source) and not is_table(Path(source)):
        found = [line for line in text_lines(Path(source)) if line]
    else:
        found = _column(source, aliases, where, what)
    if not found:
        raise InputError(f"{where} names no {what}", fix=f"write one id per line, or a column '{aliases[0]}'")
    return list(dict.fromkeys(found))


def is_table(path: Path) -> bool:
    """Whether a file is a table: by its first bytes, or a first line that names a column of ids, were it the wrong."""
    try:
        with path.open("rb") as raw:
            return _is_table(raw.readline(65536))
    except OSError as error:
        raise MissingInputError(f"{path} cannot be read: {error.strerror or error}", fix="check the path") from error


def _piped(path: Path, what: str) -> list[str]:
    """The lines of a pipe, as ``<(…)`` makes one, which can be read once."""
    data = path.read_bytes()
    if _is_table(data.split(b"\n", 1)[0]):
        raise InputError(f"a table of {what} cannot come through a pipe", fix="write it into a file")
    return [line for line in lines_of(data, str(path)) if line]


def _is_table(head: bytes) -> bool:
    if head.lstrip(b"\xef\xbb\xbf").startswith(_TABLES):
        return True
    encoding = next((name for mark, name in WIDE_MARKS if head.startswith(mark)), "utf-8")
    words = head.decode(encoding, "replace").replace("\ufeff", "").strip().lower()
    cells = words.replace("\t", ",").replace(";", ",").replace("|", ",").split(",")
    return any(cell.strip(' "') in (*USER_ALIASES, *ITEM_ALIASES) for cell in cells)


def text_lines(path: Path) -> list[str]:
    """The lines of a text. Raises InputError for what is none."""
    return lines_of(path.read_bytes(), str(path))


def _column(source: Tabular, aliases: Sequence[str], where: str, what: str) -> list[str]:
    table = open_table(source).read_all()
    lower = {name.lower().strip(): name for name in reversed(table.column_names)}
    name = next((lower[alias] for alias in aliases if alias in lower), None)
    if name is None:
        raise InputError(
            f"{where} has no column of {what} (its columns: {', '.join(table.column_names)})",
            fix=f"call it '{aliases[0]}'",
        )
    ids: list[str] = pc.unique(as_ids(table[name].combine_chunks(), name=name, where=where)).to_pylist()
    return ids

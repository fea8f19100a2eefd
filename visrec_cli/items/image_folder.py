"""``metadata.jsonl`` or ``metadata.csv`` of an ImageFolder: rows that describe the pictures beside it, by file name."""

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.images.archives import MARK, read_member, split_member
from visrec_cli.images.names import Picture
from visrec_cli.runtime.report import Report

FILE_NAME = "file_name"
_OURS = ("image_path", "image_paths")  # which say where the pictures themselves are
Lines = tuple[pa.Table, dict[str, int]]
"""A table that describes pictures, and which of its rows belongs to the picture of a path."""


def metadata_lines(file: str, pictures: Sequence[Picture], report: Report) -> Lines | None:
    """The rows of one such file; None, and a warning, where it has no column ``file_name``.

    A name counts from the folder of the file, and reaches no picture outside of it. Rows that name no picture, or one
    that has a row already, are rejected.
    """
    from visrec_cli.tables.text import read_text  # and with it polars, which pictures without such a file do not need

    table = read_text(_content(file), file, as_text=(FILE_NAME,), report=report).read_all()
    if FILE_NAME not in table.column_names:
        report.warn(f"{file} has no column '{FILE_NAME}', which would join it to the pictures: it is left out")
        return None
    kind = table.schema.field(FILE_NAME).type
    if pa.types.is_nested(kind) or pa.types.is_null(kind):
        raise InputError(
            f"{file}: column '{FILE_NAME}' is {kind}, and needed is the name of one file in each row",
            fix="write a row for each picture, with its name",
        )
    table = table.rename_columns([f"metadata_{one}" if one in _OURS else one for one in table.column_names])
    folder = _folder(file)
    paths = {_normal(picture.path): picture.path for picture in pictures}
    row_of: dict[str, int] = {}
    for row, name in enumerate(table[FILE_NAME].cast(pa.string()).to_pylist()):
        path = None
        if name and name.strip() and not _leaves(name):
            path = paths.get(_normal(folder + name)) or paths.get(_normal(folder + name.replace("\\", "/")))
        if path is None or path in row_of:
            report.reject("metadata", _reason(name, path), path=f"{file}, row {row + 1}: {name or ''}")
        else:
            row_of[path] = row
    _tell(file, table, len(row_of), len(pictures), report)
    return table, row_of


def _tell(file: str, table: pa.Table, joined: int, pictures: int, report: Report) -> None:
    if not joined:
        raise InputError(
            f"not one row of {file} names a picture beside it",
            fix=f"write the paths of the pictures, from its folder on, into {FILE_NAME}; or move the file away",
        )
    columns = ", ".join(name for name in table.column_names if name != FILE_NAME)
    report.warn(f"{file} describes {joined:,} of {pictures:,} pictures: {columns or 'nothing but their names'}")


def _reason(name: str | None, path: str | None) -> str:
    if path is not None:
        return "a second row for this picture"
    if not name or not name.strip():
        return f"no {FILE_NAME}"
    return "the path leaves the folder" if _leaves(name) else "no such picture in the folder"


def _leaves(name: str) -> bool:
    plain = posixpath.normpath(name.replace("\\", "/"))
    return plain.startswith(("../", "/")) or plain == ".."


def _normal(path: str) -> str:
    """A path as it is compared: written in one way, a member behind its archive."""
    member = split_member(path)
    if member is not None and not Path(path).exists():
        return f"{os.path.normpath(member[0])}{MARK}{posixpath.normpath(member[1])}"
    return os.path.normpath(path)


def _folder(file: str) -> str:
    """What stands before the names in it."""
    member = split_member(file)
    if member is not None and not Path(file).exists():
        below = posixpath.dirname(member[1])
        return f"{member[0]}{MARK}{below}/" if below else f"{member[0]}{MARK}"
    above = os.path.dirname(file)  # noqa: PTH120  # a Path would drop the dot of ./imgs
    return f"{above}/" if above else ""


def _content(file: str) -> bytes:
    member = split_member(file)
    return read_member(*member) if member is not None and not Path(file).exists() else Path(file).read_bytes()

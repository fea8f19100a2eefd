"""Pictures that a list names: the lines of stdin, or a column of the table of items."""

import os
import posixpath
from pathlib import Path

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.images.archives import split_member
from visrec_cli.images.names import Picture
from visrec_cli.images.path_forms import found, has_forms
from visrec_cli.images.scan_result import ScanResult
from visrec_cli.items.pictures import PATH_COLUMNS
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.tables.packed_files import refuse_archive


def listed_on_stdin(id_from: str, *, nul_separated: bool) -> ScanResult:
    """Pictures whose paths come on stdin, one a line, or separated by NUL as ``find -print0`` writes them."""
    data = standard_input().read()
    refuse_archive(data, "stdin")
    separator = b"\0" if nul_separated or b"\0" in data else b"\n"
    found = ScanResult()
    for line in data.split(separator):
        path = os.fsdecode(line if separator == b"\0" else line.removesuffix(b"\r"))
        if not path:
            continue
        if Path(path).is_dir():  # find lists them, too
            found.other_files["folders in the list"] += 1
            continue
        if split_member(path) and not Path(path).exists():
            found.pictures.append(Picture(_id_of_member(path), path))
        else:
            found.take(path, posixpath.normpath(path), id_from)
    return found


def _id_of_member(path: str) -> str:
    return posixpath.splitext(path)[0]


def listed_in(items: pa.Table, where: str, folder: str, image_column: str | None) -> list[Picture]:
    """The pictures that the table of items names; relative paths count from the table's folder, else from here."""
    column = _image_column(items.schema, image_column, where)
    pictures = []
    for item_id, path in zip(items["item_id"].to_pylist(), items[column].to_pylist(), strict=True):
        if path and path.strip():
            pictures.append(Picture(item_id, _located(path.strip(), folder)))
    return pictures


def _image_column(schema: pa.Schema, column: str | None, where: str) -> str:
    names = ", ".join(schema.names)
    if column is not None and column not in schema.names:
        raise UsageError(f"{where} has no column '{column}'", fix=f"its columns are: {names}")
    lower = {name.lower().strip(): name for name in reversed(schema.names)}
    chosen = column or next((lower[alias] for alias in PATH_COLUMNS if alias in lower), None)
    if chosen is None:
        raise InputError(
            f"{where} has no column of picture paths (its columns are: {names})",
            fix="name it with --image-column, or give the folder: visrec preprocess FOLDER --items TABLE",
        )
    kind = schema.field(chosen).type
    if not pa.types.is_string(kind):
        raise InputError(
            f"{where}: column '{chosen}' is {kind}, not paths of pictures", fix="name another with --image-column"
        )
    return chosen


def _located(path: str, folder: str) -> str:
    if has_forms(path):
        return found(path, *([folder] if folder else []), "") or path
    if not folder or "://" in path or Path(path).is_absolute():
        return path
    beside = f"{folder}/{path}"
    member = split_member(path)
    on_disk = member[0] if member else path
    return path if Path(on_disk).exists() and not Path(f"{folder}/{on_disk}").exists() else beside

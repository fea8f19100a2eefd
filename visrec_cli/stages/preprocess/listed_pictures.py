"""Pictures that a list names: the lines of stdin, or a column of the table of items."""

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.images.archives import split_member
from visrec_cli.images.names import Picture
from visrec_cli.images.path_forms import found, has_forms
from visrec_cli.images.scan_result import ScanResult
from visrec_cli.items.picture_cells import Cell, cells_at
from visrec_cli.items.pictures import is_path_type, picture_column
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.tables.packed_files import refuse_archive
from visrec_cli.tables.picture_types import is_picture_type


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


class StoredPictures:
    """The pictures of items that are in the table itself, or of which each item names several.

    column: of the table of items. Relative paths count from ``folder``, else from here.
    """

    def __init__(self, items: pa.Table, column: str, folder: str) -> None:
        self.column, self.kind = column, items.schema.field(column).type
        self.lists = pa.types.is_list(self.kind)
        self._chunks = items[column].chunks
        self._ends = np.cumsum([len(chunk) for chunk in self._chunks])
        self._folder = folder

    def of(self, row: int) -> list[Cell]:
        """Bytes and paths of the pictures of one row, of which nothing is read before."""
        cells = cells_at(*self._place(row))
        return [
            (data, path if data is not None or path is None else _located(path, self._folder)) for data, path in cells
        ]

    def taken(self, kept: Sequence[tuple[int | None, Sequence[int]]]) -> pa.Array:
        """The column at these rows, each with those of its pictures that are kept; null where there is none."""
        tensors = isinstance(self.kind, pa.FixedShapeTensorType)
        plain = self.kind.storage_type if tensors else self.kind  # Arrow makes no tensors of nothing
        parts = [pa.nulls(0, plain)]
        for row, places in kept:
            if row is None or not places:
                parts.append(pa.nulls(1, plain))
                continue
            chunk, at = self._place(row)
            one = chunk.slice(at, 1)
            if self.lists and len(places) < len(one[0]):
                values = one.flatten().take(pa.array(places))
                one = pa.ListArray.from_arrays([0, len(places)], values, type=plain)
            parts.append(one.storage if tensors else one)
        whole = pa.concat_arrays(parts)
        return pa.ExtensionArray.from_storage(self.kind, whole) if tensors else whole

    def _place(self, row: int) -> tuple[pa.Array, int]:
        at = int(np.searchsorted(self._ends, row, side="right"))
        return self._chunks[at], row - int(self._ends[at]) + len(self._chunks[at])


def listed_in(
    items: pa.Table, where: str, folder: str, image_column: str | None
) -> tuple[list[Picture], StoredPictures | None]:
    """The pictures that the table of items names; relative paths count from the table's folder, else from here."""
    column = _image_column(items.schema, image_column, where)
    if not pa.types.is_string(items.schema.field(column).type):
        return [], StoredPictures(items, column, folder)
    pictures = []
    for item_id, path in zip(items["item_id"].to_pylist(), items[column].to_pylist(), strict=True):
        if path and path.strip():
            pictures.append(Picture(item_id, _located(path.strip(), folder)))
    return pictures, None


def _image_column(schema: pa.Schema, column: str | None, where: str) -> str:
    names = ", ".join(schema.names)
    if column is not None and column not in schema.names:
        raise UsageError(f"{where} has no column '{column}'", fix=f"its columns are: {names}")
    chosen = column or picture_column(schema)
    if chosen is None:
        raise InputError(
            f"{where} has no column of pictures or of their paths (its columns are: {names})",
            fix="name it with --image-column, or give the folder: visrec preprocess FOLDER --items TABLE",
        )
    kind = schema.field(chosen).type
    if not is_path_type(kind) and not is_picture_type(kind):
        raise InputError(
            f"{where}: column '{chosen}' is {kind}: neither pictures nor paths of pictures",
            fix="name another with --image-column",
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

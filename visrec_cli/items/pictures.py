"""Where the pictures of a table are: bytes in its ``image`` column, or files named by a column of paths."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.images.path_forms import found, has_forms
from visrec_cli.runtime.report import Reject, Report
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.table_folders import is_folder_of_tables

PATH_COLUMNS = ("image_path", "image", "path", "file", "filename", "file_name", "img", "picture", "photo")
_PROBE = 100  # paths that are tried: a table's paths are all written alike
_COLOURS = {"converted": "pictures converted to sRGB", "unusable": "pictures with an unusable colour profile"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class PictureSource:
    """One row's picture. data: the bytes of a picture file. path: else, where the file is. Both None: no picture."""

    item_id: str | None
    data: bytes | None
    path: str | None

    @property
    def nothing(self) -> bool:
        """Whether the row names no picture at all."""
        return self.data is None and self.path is None

    @property
    def refusal(self) -> str | None:
        """Why there is nothing to open, if there is not."""
        if self.nothing:
            return "no picture"
        if self.data is None and self.path is not None and _ADDRESS.match(self.path):
            if self.path.lower().startswith("file:"):
                return "no such file or directory"
            return "a web address: download the pictures first"
        return None


class PictureColumns:
    """Finds the pictures of a table's rows.

    column: the column to use; by default ``image`` where it holds bytes, then the first usual name of a path column.
    folder: where relative paths are looked for when they are not found from here (the folder of the table's file).
    """

    def __init__(self, schema: pa.Schema, *, column: str | None = None, folder: Path | None = None) -> None:
        names = ", ".join(schema.names)
        if column is not None and column not in schema.names:
            raise UsageError(f"the table has no column '{column}'", fix=f"its columns are: {names}")
        self._bytes = next((c for c in [column or "image"] if _has(schema, c, pa.types.is_binary)), None)
        self._paths = next((c for c in _candidates(schema, column) if _has(schema, c, pa.types.is_string)), None)
        self._folder = folder
        if self._bytes is None and self._paths is None:
            where = f"column '{column}'" if column else f"the columns {names}"
            raise InputError(
                f"no pictures and no paths of pictures in {where}",
                fix=(
                    "name a column with --image-column, or start from the folder: visrec preprocess FOLDER",
                    "start from the folder: visrec preprocess FOLDER",
                ),
            )

    def rows(self, batch: pa.RecordBatch) -> Iterator[PictureSource]:
        """The picture of each row, in order."""
        nothing: list[Any] = [None] * batch.num_rows
        ids = batch.column("item_id").to_pylist() if "item_id" in batch.schema.names else nothing
        data = batch.column(self._bytes) if self._bytes else nothing  # pictures: one at a time in Python
        paths = batch.column(self._paths).to_pylist() if self._paths else nothing
        for item, content, path in zip(ids, data, paths, strict=True):
            yield PictureSource(item, content if content is None else content.as_py(), self._located(path))

    def from_here(self, table: pa.Table) -> pa.Table:
        """The table with paths that can be opened from here, also when its rows lie in another folder by then."""
        if self._paths is None or self._folder is None:
            return table
        paths = table[self._paths].to_pylist()
        tried = [path for path in paths if path][:_PROBE]
        if all(self._located(path) == path for path in tried):
            return table
        moved = [path if not path else self._moved(path) for path in paths]
        at = table.schema.get_field_index(self._paths)
        return table.set_column(at, table.schema.field(at), pa.chunked_array([moved], pa.string()))

    def _moved(self, path: str) -> str:
        """The path below the table's folder, without a look at the disk unless it is written in an odd way."""
        if has_forms(path):
            return self._located(path) or path
        return path if _ADDRESS.match(path) else str(self._folder / path) if self._folder else path

    def _located(self, path: str | None) -> str | None:
        """The path as it can be opened from here."""
        if path is None or not path.strip():
            return None
        # Our own image_path counts from where preprocess ran; the paths in anybody's table count from the table.
        folders = ["", *([self._folder] if self._folder is not None else [])]
        if not has_forms(path) and (len(folders) == 1 or Path(path).is_absolute()):
            return path
        return found(path, *(folders if self._paths == "image_path" else reversed(folders))) or path


def picture_columns(schema: pa.Schema, source: Tabular, column: str | None) -> PictureColumns:
    """The pictures of the items that were opened from ``source``. Raises UsageError for a column of a folder."""
    if column is not None and is_path(source) and Path(str(source)).is_dir() and not is_folder_of_tables(source):
        raise UsageError(
            f"--image-column needs a table, and {source} is a folder, which holds the pictures", fix="leave it out"
        )
    return PictureColumns(schema, column=column, folder=folder_of(source))


def paths_from_here(table: pa.Table, folder: Path) -> pa.Table:
    """The table with its paths of pictures, if it has any, as they can be opened from here.

    folder: where the table's file lies, from which its paths may count.
    """
    try:
        return PictureColumns(table.schema, folder=folder).from_here(table)
    except InputError:
        return table


def folder_of(source: Tabular) -> Path | None:
    """Where a table's file lies, or those of a folder of tables, for paths that are written relative to it; None for a
    folder of pictures, a pipe, a table."""
    if is_folder_of_tables(source):
        return Path(str(source))
    return Path(str(source)).parent if is_path(source) and Path(str(source)).is_file() else None


def where_to_look(rejects: Sequence[Reject]) -> str | None:
    """What to do where no picture could be used, and all because they are not where they are looked for."""
    lost = [one for one in rejects if one.reason.startswith("no such file")]
    return "run it in the folder that the paths count from" if lost and len(lost) == len(rejects) else None


def _candidates(schema: pa.Schema, column: str | None) -> list[str]:
    """The column that was named, else the usual ones that are there, in any case."""
    lower = {name.lower().strip(): name for name in reversed(schema.names)}
    return [column] if column is not None else [lower[alias] for alias in PATH_COLUMNS if alias in lower]


def _has(schema: pa.Schema, name: str, test: object) -> bool:
    at = schema.get_field_index(name)
    return at >= 0 and callable(test) and bool(test(schema.field(at).type))


def count_colours(outcomes: Iterable[str | None], report: Report) -> None:
    """Count pictures by what became of their colour profiles (see images.colour)."""
    for outcome in outcomes:
        if outcome is not None:
            report.count(_COLOURS[outcome])

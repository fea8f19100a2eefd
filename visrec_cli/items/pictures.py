"""Where the pictures of a table are: bytes in its ``image`` column, or files named by a column of paths."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.images.path_forms import found, has_forms
from visrec_cli.items.picture_cells import cells_of
from visrec_cli.runtime.report import Reject, Report
from visrec_cli.tables.picture_types import is_file_struct, is_picture_type, is_pixel_tensor
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.table_folders import is_folder_of_tables

PATH_COLUMNS = (
    *("image_paths", "image_path", "images", "image", "paths", "path", "files", "file", "filename", "file_name"),
    *("imgs", "img", "pictures", "picture", "photos", "photo"),
)
STORED_COLUMNS = ("images", "image", "imgs", "img", "pictures", "picture", "photos", "photo", "jpg", "png", "bytes")
_PROBE = 100  # paths that are tried: a table's paths are all written alike
_COLOURS = {"converted": "pictures converted to sRGB", "unusable": "pictures with an unusable colour profile"}
_OTHER_FILES = re.compile("audio|sound|speech|video|pdf|document", re.IGNORECASE)  # which have the same struct
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
    """Finds the pictures of a table's rows: in the cells themselves, or in the files that they name.

    column: the column to use; by default those with usual names, lists before single ones, stored pictures before
    paths, then any column whose type says that it holds pictures. folder: where relative paths are looked for when they
    are not found from here (the folder of the table's file).
    """

    def __init__(self, schema: pa.Schema, *, column: str | None = None, folder: Path | None = None) -> None:
        names = ", ".join(schema.names)
        if column is not None and column not in schema.names:
            raise UsageError(f"the table has no column '{column}'", fix=f"its columns are: {names}")
        self._stored, self._paths = _columns(schema, column)
        self._folder = folder
        if self._stored is None and self._paths is None:
            what = f"column '{column}', which is {schema.field(column).type}" if column else f"the columns {names}"
            raise InputError(
                f"no pictures and no paths of pictures in {what}",
                fix=(
                    "name a column with --image-column, or start from the folder: visrec preprocess FOLDER",
                    "start from the folder: visrec preprocess FOLDER",
                ),
            )

    def tell_first(self, schema: pa.Schema, report: Report) -> None:
        """Say where an item may have several pictures, of which the first is used."""
        for name in (self._stored, self._paths):
            if name is not None and pa.types.is_list(schema.field(name).type):
                report.warn(f"column '{name}' lists several pictures of an item: the first is used")

    def rows(self, batch: pa.RecordBatch) -> Iterator[PictureSource]:
        """The picture of each row, in order; of several, the first."""
        return (some[0] for some in self.several(batch))

    def several(self, batch: pa.RecordBatch) -> Iterator[list[PictureSource]]:
        """The pictures of each row: at least one, which may name nothing. Stored ones are made one at a time."""
        nothing: list[Any] = [None] * batch.num_rows
        ids = batch.column("item_id").to_pylist() if "item_id" in batch.schema.names else nothing
        stored = cells_of(batch.column(self._stored)) if self._stored else nothing
        paths = batch.column(self._paths).to_pylist() if self._paths else nothing
        for item, cells, path in zip(ids, stored, paths, strict=True):
            listed = path if isinstance(path, list) else [path]
            named = [place for place in map(self._located, listed) if place is not None]
            if cells and not (named and all(content is None for content, _ in cells)):
                yield [PictureSource(item, content, self._called(content, name, named)) for content, name in cells]
            else:
                yield [PictureSource(item, None, place) for place in named] or [PictureSource(item, None, None)]

    def _called(self, content: bytes | None, name: str | None, named: Sequence[str]) -> str | None:
        """What messages call a stored picture, or where the file is that takes its place."""
        if content is None:
            return self._located(name)
        return name or (named[0] if len(named) == 1 else None)

    def from_here(self, table: pa.Table) -> pa.Table:
        """The table with paths that can be opened from here, also when its rows lie in another folder by then."""
        if self._paths is None or self._folder is None:
            return table
        rows = table[self._paths].to_pylist()
        paths = [path for row in rows for path in (row if isinstance(row, list) else [row])]
        tried = [path for path in paths if path][:_PROBE]
        if all(self._located(path) == path for path in tried):
            return table
        at = table.schema.get_field_index(self._paths)
        field = table.schema.field(at)
        return table.set_column(at, field, pa.chunked_array([[self._row_moved(row) for row in rows]], field.type))

    def _row_moved(self, row: Any) -> Any:
        if isinstance(row, list):
            return [self._row_moved(path) for path in row]
        return row and self._moved(row)

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


def _candidates(schema: pa.Schema, column: str | None, usual: Sequence[str]) -> list[str]:
    """The column that was named, else the usual ones that are there, in any case."""
    lower = {name.lower().strip(): name for name in reversed(schema.names)}
    return [column] if column is not None else [lower[alias] for alias in usual if alias in lower]


def _columns(schema: pa.Schema, column: str | None) -> tuple[str | None, str | None]:
    """The column of pictures themselves and that of paths, of which either may be missing."""

    def first(usual: Sequence[str], test: Callable[[pa.DataType], bool]) -> str | None:
        return next((name for name in _candidates(schema, column, usual) if test(schema.field(name).type)), None)

    stored, paths = first(STORED_COLUMNS, is_picture_type), first(PATH_COLUMNS, is_path_type)
    if stored is None and paths in (None, "image_path") and column is None:  # the latter is empty after preprocess
        typed = [one.name for one in schema if is_file_struct(one.type) or is_pixel_tensor(one.type)]
        stored = next((name for name in typed if not _OTHER_FILES.search(name)), None)
    return stored, paths


def picture_column(schema: pa.Schema) -> str | None:
    """The column that a table of items has its pictures in, by name and type: where nobody named one."""
    stored, paths = _columns(schema, None)
    return stored or paths or next(iter(_candidates(schema, None, PATH_COLUMNS)), None)


def is_path_type(kind: pa.DataType) -> bool:
    """Whether it is text, or lists of text."""
    return bool(pa.types.is_string(kind.value_type if pa.types.is_list(kind) else kind))


def count_colours(outcomes: Iterable[str | None], report: Report) -> None:
    """Count pictures by what became of their colour profiles (see images.colour)."""
    for outcome in outcomes:
        if outcome is not None:
            report.count(_COLOURS[outcome])

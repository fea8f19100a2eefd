"""Where pictures come from: folders, single pictures, archives, item tables, and lists of paths on stdin."""

import io
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.images.archives import is_archive
from visrec_cli.images.formats import FOREIGN_ENDINGS, PICTURE_ENDINGS, foreign_kind_of, kind_of
from visrec_cli.images.names import Picture, check_ids
from visrec_cli.images.scan import no_pictures, scan
from visrec_cli.images.scan_result import ScanResult
from visrec_cli.items.picture_lines import PATHS, described
from visrec_cli.items.pictures import PATH_COLUMNS
from visrec_cli.items.rows_of_items import list_name
from visrec_cli.items.source import open_items
from visrec_cli.options.preprocess import ItemsOptions
from visrec_cli.runtime.command_line import CommandLine
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.stages.preprocess.listed_pictures import StoredPictures, listed_in, listed_on_stdin
from visrec_cli.tables.readers import Tabular, is_path, name_of
from visrec_cli.tables.sources import MAGICS
from visrec_cli.tables.table_folders import is_folder_of_tables, is_pattern


@dataclass
class Catalogue:
    """What the sources hold together: pictures by id, and the table of items if one was given.

    stored: the pictures that are in the table, if there are any, beside the files.
    """

    pictures: list[Picture] = field(default_factory=list)
    items: pa.Table | None = None
    where: str = "the items"
    stored: StoredPictures | None = None

    def take_items(self, items: pa.Table, where: str) -> None:
        """Keep the one table of items. Raises UsageError for a second one."""
        if self.items is not None:
            raise UsageError(f"{where} is a second table of items beside {self.where}", fix="join them first")
        self.items, self.where = items, where

    def listed(self, folder: str, image_column: str | None) -> list[Picture]:
        """The pictures that the table of items names; those that it holds are ``stored``."""
        assert self.items is not None  # taken just before
        pictures, self.stored = listed_in(self.items, self.where, folder, image_column)
        return pictures


def gather(sources: Sequence[Tabular], options: ItemsOptions, report: Report) -> Catalogue:
    """List all pictures of all sources (none is opened yet) and read the table of items.

    Raises MissingInputError for a source that is not there, InputError if there is no picture at all or if two share
    an id, UsageError for flags that contradict each other.
    """
    items, id_column, id_from = options.items, options.id_column, options.id_from
    if [*map(_named, sources), _named(items)].count("-") > 1:
        raise UsageError("stdin is given twice", fix="name a file for one of them")
    catalogue = Catalogue()
    image_column, several_pictures = options.image_column, options.several_pictures
    npy: dict[str, Any] = {"ids": options.ids, "row_ids": options.row_ids}
    npy |= {"several": several_pictures, "image_column": image_column}
    image_column = list_name(image_column) if several_pictures else image_column
    found, listed, scanned = ScanResult(), False, False
    if items is not None:
        catalogue.take_items(open_items(items, id_column=id_column, report=report, **npy).read_all(), name_of(items))
        if not sources:
            found.pictures += catalogue.listed(_folder_of(items), image_column)
            listed = True
    for source in sources:
        if _is_table(source):
            catalogue.take_items(
                open_items(source, id_column=id_column, report=report, **npy).read_all(), name_of(source)
            )
            found.pictures += catalogue.listed(_folder_of(source), image_column)
            listed = True
        elif str(source) == "-":
            found.add(listed_on_stdin(id_from, nul_separated=options.nul_separated))
            scanned = True
        else:
            found.add(scan(source, id_from=id_from, follow_links=options.follow_links))
            scanned = True
    in_folder = any(is_path(source) and Path(source).is_dir() and not _is_table(source) for source in sources)
    table = catalogue.items is not None
    named = {"--several-pictures": several_pictures, "--ids": npy.get("ids"), "--row-ids": npy.get("row_ids")}
    _check_options(
        report.line, named, id_column, image_column, table=table, listed=listed, scanned=scanned, folder=in_folder
    )
    catalogue.pictures = sorted(set(found.pictures), key=lambda picture: (picture.item_id, picture.path))
    if len(catalogue.pictures) < len(found.pictures):
        report.count("pictures named more than once", len(found.pictures) - len(catalogue.pictures))
    found.pictures = catalogue.pictures
    if catalogue.items is None and found.pictures:
        items = described(found, report, id_from=id_from)
        catalogue.pictures = items.pictures
        if items.table is not None:
            catalogue.take_items(items.table, "what describes the pictures")
            if PATHS in items.table.column_names:
                catalogue.stored = StoredPictures(items.table, PATHS, "")
    found.tell(report)
    if not catalogue.pictures and catalogue.stored is None:
        raise no_pictures(" and ".join(str(source) for source in sources) or catalogue.where, found)
    check_ids(catalogue.pictures)
    return catalogue


def _check_options(
    line: CommandLine,
    named: Mapping[str, Any],
    id_column: str | None,
    image_column: str | None,
    *,
    table: bool,
    listed: bool,
    scanned: bool,
    folder: bool,
) -> None:
    """Refuse options that say nothing about these sources. table: of items; listed: it names the pictures; scanned:
    there are pictures beside what a table names; folder: they are in one."""
    if (flag := next((name for name, value in named.items() if value), None)) and not table:
        raise UsageError(f"{flag} needs a table, or an NPY file of pictures", fix=f"leave out {flag}")
    if id_column is not None and not table:
        raise UsageError("--id-column needs a table of items", fix="name it with --items, or leave out --id-column")
    if image_column is not None and not listed:
        raise UsageError(
            "--image-column needs a table of items that names the pictures",
            fix="leave out the folder, or --image-column",
        )
    line.require(scanned, "id_from", "a folder, an archive or paths: a table has ids of its own")
    line.require(folder, "follow_links", "a folder, whose links it follows")
    line.require(table, "require_picture", "a table of items", fix="add --items TABLE, or leave out --require-picture")
    line.require(table and scanned, "keep_unlisted", "a table of items, and pictures beside it")


def _is_table(source: Tabular) -> bool:
    """Whether this is a table rather than pictures; only first bytes are looked at, and only of plain files."""
    if not is_path(source):
        return True
    if str(source) == "-":
        return _stdin_is_table()
    path = Path(source)
    if path.is_dir() or is_pattern(source):
        return not path.is_dir() or is_folder_of_tables(source)
    if not path.exists() or is_archive(str(source)) or path.suffix.lower() in PICTURE_ENDINGS:
        return False
    if path.suffix.lower() in FOREIGN_ENDINGS:
        return False
    if not stat.S_ISREG(path.stat().st_mode):
        return True  # a table piped in by <(…): what is read of it here would be gone
    with path.open("rb") as file:
        head = file.read(32)
    return kind_of(head) is None and foreign_kind_of(head) is None


def _named(source: Tabular) -> str | None:
    return str(source) if is_path(source) else None


def _stdin_is_table() -> bool:
    if sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("no pictures: name a folder, an archive or a table", fix="visrec preprocess ./imgs")
    head = cast(io.BufferedReader, standard_input()).peek(4096)
    if head.startswith(MAGICS):
        return True
    first = head.split(b"\n", 1)[0].decode("utf-8", "replace").strip().lower()
    names = {name.strip(' "\r') for name in first.replace("\t", ",").replace(";", ",").split(",")}
    return len(names) > 1 and not names.isdisjoint(PATH_COLUMNS) and not Path(first).exists()


def _folder_of(source: Tabular) -> str:
    """The folder of a table's file as it was written ("" for the current one, for stdin and for tables at hand)."""
    if is_folder_of_tables(source):
        return os.fspath(source).rstrip("/")
    return os.path.dirname(os.fspath(source)) if is_path(source) and str(source) != "-" else ""  # noqa: PTH120

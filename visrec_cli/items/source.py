"""Where every stage takes its items from: a table, or a folder or archive of pictures."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.readers import Tabular, is_path, name_of, open_table
from visrec_cli.tables.table_folders import is_folder_of_tables, refuse_mixed

FOLDER_SCHEMA = pa.schema([("item_id", pa.string()), ("image_path", pa.string())])
ROWS = 256


def open_items(
    source: Tabular, *, id_column: str | None = None, report: Report | None = None, unique: bool = True,
    several: bool = False, image_column: str | None = None, **npy: Any,
) -> pa.RecordBatchReader:  # fmt: skip
    """A table with unique string ``item_id``; of a folder or archive, its pictures as ``item_id`` and ``image_path``.

    several: rows of one id are the pictures of one item, which ``image_column`` says or usual names do; such a table is
    read whole. npy: ``ids``, ``row_ids`` and ``column`` of tables.readers.open_table. Raises InputError for a folder
    without pictures or a table without ids, UsageError where something is said about a table and there are pictures.
    """
    if holds_pictures(source):
        options = {
            "--several-pictures": several,
            "--id-column": id_column,
            "--ids": npy.get("ids"),
            "--row-ids": npy.get("row_ids"),
        }
        if given := next((flag for flag, value in options.items() if value), None):
            raise UsageError(
                f"{given} needs a table, and {source} is a folder or archive, whose pictures name its items",
                fix=f"leave out {given}",
            )
        if Path(source).is_dir():
            refuse_mixed(str(source))
        return _folder(Path(source), report)
    opened = open_table(source, role="items", report=report, **npy)
    reader = with_item_ids(opened, column=id_column, unique=unique and not several, where=name_of(source))
    if not several:
        return reader
    from visrec_cli.items.rows_of_items import one_row_each

    return one_row_each(reader.read_all(), image_column, report or Report()).to_reader(max_chunksize=ROWS)


def holds_pictures(source: Tabular) -> bool:
    """Whether a source is a folder, or an archive in which there is a picture, rather than a table or a folder of
    tables."""
    if not is_path(source) or str(source) == "-":
        return False
    if Path(source).is_dir():
        return not is_folder_of_tables(source)
    from visrec_cli.images.archives import is_archive

    if not is_archive(str(source)) or not Path(source).is_file():
        return False
    from visrec_cli.images.scan import scan

    return bool(scan(source).pictures)


def _folder(folder: Path, report: Report | None) -> pa.RecordBatchReader:
    from visrec_cli.images.scan import no_pictures, scan
    from visrec_cli.items.picture_lines import described

    report, found = report or Report(), scan(folder)
    if not found.pictures:
        found.tell(report)
        raise no_pictures(str(folder), found)
    items = described(found, report)
    found.tell(report)
    pictures = items.pictures
    report.expect(len(pictures), "pictures")
    # two columns take a tenth of what as many objects take, for as long as the stage runs
    columns = [pa.array([picture.item_id for picture in pictures]), pa.array([picture.path for picture in pictures])]
    table = pa.table(columns, schema=FOLDER_SCHEMA)
    if items.table is not None:
        for field, column in zip(items.table.schema, items.table.columns, strict=True):
            table = table if field.name == "item_id" else table.append_column(field, column)
    return table.to_reader(max_chunksize=ROWS)

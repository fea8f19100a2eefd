"""The pictures of a few rows, for a look at a terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.images.decoder import load_picture
from visrec_cli.images.sources import PictureError
from visrec_cli.items.pictures import PictureColumns
from visrec_cli.reports.gallery_items import title_of
from visrec_cli.tables.conversions import python_rows
from visrec_cli.tables.readers import Tabular, is_path

if TYPE_CHECKING:
    from PIL.Image import Image

ENOUGH = (48, 48)


def first_pictures(table: pa.Table, source: Tabular, most: int = 8) -> "list[tuple[Image | None, str]]":
    """Picture and title of the first ``most`` rows; empty where the table has no pictures at all.

    source: where the table was read from; relative paths are also looked for beside it.
    """
    folder = Path(source).parent if is_path(source) and str(source) != "-" else None
    try:
        columns = PictureColumns(table.schema, folder=folder)
    except InputError:
        return []
    found: list[tuple[Image | None, str]] = []
    for batch in table.slice(0, most).to_batches():
        titles = [title_of(row) for row in python_rows(batch)]
        for picture, title in zip(columns.rows(batch), titles, strict=True):
            try:
                content = picture.data if picture.data is not None else picture.path
                found.append((load_picture(content, at_least=ENOUGH) if content else None, title))
            except PictureError:
                found.append((None, title))
    return found if any(picture for picture, _ in found) else []

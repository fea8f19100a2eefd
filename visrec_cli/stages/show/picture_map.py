"""``show --map``: a catalogue as a picture map with similar items near each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from visrec_cli.errors import InputError, UsageError, unknown
from visrec_cli.fusion.layout import LAYOUTS, lay_out
from visrec_cli.items.catalogue_items import choose_column
from visrec_cli.items.page_pictures import made_of, pictures_of
from visrec_cli.items.pictures import PATH_COLUMNS, PictureSource, where_to_look
from visrec_cli.items.source import open_items
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.show import MapOptions
from visrec_cli.reports.gallery_items import TITLES, title_of
from visrec_cli.reports.map_page import MapPage, map_page
from visrec_cli.reports.sprites import sprites, tile_side
from visrec_cli.reports.thumbnails import shrunk
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.conversions import python_values
from visrec_cli.tables.picture_types import is_picture_type
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.rows import take_rows
from visrec_cli.tables.vectors import Rows, embedding_columns, matrix_of, unit_rows

ITEMS = 10_000  # what a browser moves smoothly, and t-SNE lays out in a minute or two
_MADE = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA"}


@takes(MapOptions)
def picture_map(
    source: Tabular, options: MapOptions | None = None, *, report: Report | None = None, **named: Any
) -> str:
    """Draw every item that has a vector at its place in the layout of the vectors (of length 1).

    Of more items than the limit (10,000), every so many-th is drawn. The same table and seed give the same bytes.

    Parameters
    ----------
    source : Tabular
        A table with an embedding.
    options : MapOptions | None, default=None
        What the map shows; or its fields by name.
    report : Report | None, default=None
        Counts and warnings.
    **named : Any
        Fields of the options.

    Returns
    -------
    str
        One HTML page with everything inside.

    Raises
    ------
    UsageError
        For unknown names.
    InputError
        Where there is nothing to lay out.
    """
    report, options = report or Report(), options_of(MapOptions, options, named)
    layout, colour, columns = options.layout, options.colour, options.columns
    if layout not in LAYOUTS:
        raise unknown("layout", layout, list(LAYOUTS))
    table = open_items(source, ids=options.ids, row_ids=options.row_ids, report=report).read_all()
    plain = [name for name in table.column_names if name not in embedding_columns(table.schema)]
    for name in [*columns, *([colour] if colour is not None else [])]:
        if name not in plain:
            raise unknown("column", name, plain)
    if colour is not None and pa.types.is_binary(table.schema.field(colour).type):
        raise UsageError(f"'{colour}' holds pictures, which are no colours", fix="--colour names a column of words")
    rows, vectors, left_out = _placed(table, options.column, options.limit or ITEMS, report)
    report.note(f"{_MADE[layout]} of {counted(len(rows), 'items')}")
    places = lay_out(vectors, layout, seed=options.seed)
    table = take_rows(table.select(plain), rows)
    found = _pictures(table, source, report)
    detail_columns = columns or _detail_columns(table.schema)
    detail_columns = [*detail_columns, *([colour] if colour is not None and colour not in detail_columns else [])]
    values = {name: python_values(table[name]) for name in detail_columns}
    titled = [name for name in plain if name.lower() in TITLES]
    titles = [title_of(row) for row in table.select(["item_id", *titled]).to_pylist()]
    report.count("items", len(rows))
    sheets = sprites(_loaded(found, report), tile_side(len(found)))
    shown = sum(width > 0 for width, _ in sheets.sizes)
    report.count("pictures", shown)
    if not shown and (fix := where_to_look(report.rejects)):
        report.warn(fix)
    report.count("kB of pictures", sheets.kilobytes)
    for sentence in left_out:
        report.warn(sentence)
    meta = (counted(len(rows), "items"), f"{_MADE[layout]}: what is alike lies near; distances far apart mean little")
    if layout == "pca":
        meta = (meta[0], "PCA: the two directions in which the items differ most")
    page = MapPage(options.title or "Catalogue", meta, left_out, colour)
    return map_page(page, places, table["item_id"].to_pylist(), titles, values, sheets)


def _placed(table: pa.Table, column: str | None, limit: int, report: Report) -> tuple[Rows, Any, list[str]]:
    """The rows that get a place, their vectors, and what is left out in sentences."""
    if not table.num_rows:
        raise InputError("there are no items to show", fix="look at the table with: visrec show TABLE")
    column = choose_column(table.schema, column, report)
    vectors, present = matrix_of(table[column], name=column, ids=table["item_id"])
    vectors = unit_rows(vectors)
    rows = np.flatnonzero(present & (vectors != 0).any(axis=1))
    if not len(rows):
        raise InputError(f"no item has a vector in column '{column}'", fix="look at the table with: visrec show TABLE")
    without = table.num_rows - len(rows)
    left_out = []
    if without:
        are = "is" if without == 1 else "are"
        left_out.append(f"{counted(without, 'items')} without a vector in '{column}' {are} not on the map")
    if len(rows) > limit:
        left_out.append(f"Only {limit:,} of {len(rows):,} items are shown, evenly taken (--limit shows more)")
        rows = rows[np.arange(limit) * len(rows) // limit]
    return rows.astype(np.int64), vectors[rows], left_out


def _detail_columns(schema: pa.Schema) -> list[str]:
    """The columns that a person may search or colour by; not the titles, which every item shows anyway."""
    title = next((name for name in schema.names if name.lower() in TITLES), None)
    hidden = {"item_id", title, *(name for name in schema.names if name.lower() in PATH_COLUMNS)}
    return [f.name for f in schema if f.name not in hidden and not is_picture_type(f.type)]


def _pictures(table: pa.Table, source: Tabular, report: Report) -> list[PictureSource]:
    folder = Path(source).parent if is_path(source) and str(source) != "-" else None
    locate = pictures_of(table.schema, None, folder)
    return [one for batch in table.to_batches() for one in locate(batch)]


def _loaded(sources: Sequence[PictureSource], report: Report) -> Iterator[Image.Image | None]:
    """The pictures in order; what cannot be read is a reject, and a point on the map."""
    side = tile_side(len(sources))
    report.expect(len(sources), "pictures")

    for source, picture in zip(sources, made_of(sources, shrunk, side), strict=True):
        report.advance()
        if isinstance(picture, str):
            report.reject("show", picture, path=source.path, item_id=source.item_id)
        yield picture if isinstance(picture, Image.Image) else None

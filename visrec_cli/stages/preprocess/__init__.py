"""``preprocess``: from pictures and a table of items to one table of items, with quality and duplicates."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.images.decoder import DEFAULT_MEGAPIXELS
from visrec_cli.images.examination import Treatment, examine
from visrec_cli.images.limits import Limits
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess.picture_join import Row, join
from visrec_cli.stages.preprocess.picture_sources import gather
from visrec_cli.stages.preprocess.row_batches import Batcher, Finished, Look
from visrec_cli.stages.preprocess.row_selection import DROPS, Selection
from visrec_cli.tables.readers import Tabular

ROWS = 256
BYTES = 32 << 20  # stored pictures in one batch


def preprocess(
    sources: Tabular | Sequence[Tabular] = (),
    *,
    items: Tabular | None = None,
    id_column: str | None = None,
    several_pictures: bool = False,
    ids: str | None = None,
    row_ids: bool = False,
    image_column: str | None = None,
    id_from: str = "stem",
    nul_separated: bool = False,
    follow_links: bool = False,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
    trim: str = "none",
    resize: str | None = None,
    mode: str = "fit",
    pad_colour: str = "white",
    store: str | None = None,
    jpeg_quality: int = 90,
    min_resolution: str | None = None,
    min_sharpness: float | None = None,
    min_brightness: float | None = None,
    max_brightness: float | None = None,
    min_contrast: float | None = None,
    max_clutter: float | None = None,
    max_aspect: float | None = None,
    flag: bool = False,
    drop_duplicates: str = "none",
    require_picture: bool = False,
    keep_unlisted: bool = False,
    threads: int | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """Make the table of items: id, path, quality and duplicates of each picture, then the columns of ``items``.

    sources: folders, pictures, archives, one table of items with a column of paths, ``-`` for paths on stdin. What is
    in them is used, rejected or counted. follow_links: also folders elsewhere, to which links in a folder lead.
    Rows stream in the order of the items, or of ids without a table of items. An item whose picture is missing,
    broken or below a limit stays with null (``require_picture`` rejects it); without a table such pictures are left
    out. ``flag`` keeps pictures below a limit and says why in ``quality_issues``. See ``Treatment`` and ``Limits``
    for the units. Raises MissingInputError, InputError (no usable picture, equal ids, nothing joins), UsageError.
    """
    report = report or Report()
    treatment = Treatment(max_megapixels, trim, resize, mode, pad_colour, store, jpeg_quality)
    limits = Limits(
        min_resolution, min_sharpness, min_brightness, max_brightness, min_contrast, max_clutter, max_aspect
    )
    if flag and limits == Limits():
        raise UsageError(
            "--flag marks pictures below a limit, and no limit is given", fix="--min-resolution 256 --flag"
        )
    if drop_duplicates not in DROPS:
        raise UsageError(f"unknown --drop-duplicates {drop_duplicates!r}", fix="use one of: " + ", ".join(DROPS))
    several = list(sources) if isinstance(sources, list | tuple) else [sources]
    if not several and items is None:
        raise UsageError("no pictures: name a folder, an archive or a table", fix="visrec preprocess ./imgs")
    catalogue = gather(
        several,
        items=items,
        id_column=id_column,
        several_pictures=several_pictures,
        npy={"ids": ids, "row_ids": row_ids},
        image_column=image_column,
        id_from=id_from,
        nul_separated=nul_separated,
        follow_links=follow_links,
        report=report,
    )
    rows = join(catalogue, id_from=id_from, keep_unlisted=keep_unlisted, report=report)
    report.expect(len(rows), "items" if catalogue.items is not None else "pictures")
    stored = catalogue.stored
    batcher = Batcher(catalogue.items, stored, store=store is not None, flag=flag, report=report)
    selection = Selection(limits, report, flag=flag, drop=drop_duplicates, require_picture=require_picture)

    def look(row: Row) -> list[Look]:
        cells = stored.of(row.item) if stored is not None and row.item is not None else []
        if not cells:
            return [] if row.path is None else [Look(-1, row.path, row.path, 0, examine(row.path, treatment))]
        return [
            Look(at, name, name, 0, examine(str(name), treatment))
            if data is None
            else Look(at, None, name, len(data), examine(data, treatment))
            for at, (data, name) in enumerate(cells)
        ]

    def batches() -> Iterator[pa.RecordBatch]:
        waiting: list[Finished] = []
        weight = 0
        for row, looks in zip(rows, ordered_map(look, rows, threads=threads), strict=True):
            finished = selection.judge(row, looks)
            report.advance(1)
            if finished is not None:
                waiting.append(finished)
                weight += finished.weight
            if len(waiting) == ROWS or weight >= BYTES:
                yield batcher.batch(waiting)
                waiting, weight = [], 0
        if waiting:
            yield batcher.batch(waiting)
        selection.conclude()

    return pa.RecordBatchReader.from_batches(batcher.schema, batches())

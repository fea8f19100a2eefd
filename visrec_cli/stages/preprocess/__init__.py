"""``preprocess``: from pictures and a table of items to one table of items, with quality and duplicates."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.images.examination import Treatment, examine
from visrec_cli.images.limits import Limits
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.options.classes import options_of, part_of, takes
from visrec_cli.options.preprocess import PreprocessOptions
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess.picture_join import Row, join
from visrec_cli.stages.preprocess.picture_sources import gather
from visrec_cli.stages.preprocess.row_batches import Batcher, Finished, Look
from visrec_cli.stages.preprocess.row_selection import Selection
from visrec_cli.tables.readers import Tabular

ROWS = 256
BYTES = 32 << 20  # stored pictures in one batch


@takes(PreprocessOptions)
def preprocess(
    sources: Tabular | Sequence[Tabular] = (),
    options: PreprocessOptions | None = None,
    *,
    report: Report | None = None,
    **named: Any,
) -> pa.RecordBatchReader:
    """Make the table of items: id, path, quality and duplicates of each picture, then the columns of the items.

    Parameters
    ----------
    sources : Tabular | Sequence[Tabular], default=()
        Folders, pictures, archives, one table of items with a column of paths, or ``-`` for paths on stdin.
    options : PreprocessOptions | None, default=None
        How the table is made; None: the defaults.
    report : Report | None, default=None
        Where pictures that are left out are counted and rejected.
    **named : Any
        Options by name, instead of those in ``options``.

    Returns
    -------
    pa.RecordBatchReader
        Rows in the order of the items, or of ids without a table of items. An item whose picture is missing, broken
        or below a limit has null; without a table such pictures are left out.

    Raises
    ------
    MissingInputError
        A source that is not there.
    InputError
        No usable picture, equal ids, or no picture of any item.
    UsageError
        No source, or options that contradict each other or the sources.
    """
    report, options = report or Report(), options_of(PreprocessOptions, options, named)
    treatment, limits = part_of(Treatment, options), part_of(Limits, options)
    several = list(sources) if isinstance(sources, list | tuple) else [sources]
    if not several and options.items is None:
        raise UsageError("no pictures: name a folder, an archive or a table", fix="visrec preprocess ./imgs")
    catalogue = gather(several, options, report)
    rows = join(catalogue, id_from=options.id_from, keep_unlisted=options.keep_unlisted, report=report)
    report.expect(len(rows), "items" if catalogue.items is not None else "pictures")
    stored = catalogue.stored
    batcher = Batcher(catalogue.items, stored, store=options.store is not None, flag=options.flag, report=report)
    selection = Selection(limits, options, report)

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
        for row, looks in zip(rows, ordered_map(look, rows, threads=options.threads), strict=True):
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

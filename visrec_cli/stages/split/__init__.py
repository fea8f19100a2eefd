"""``split``: training, validation and test parts of a log."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.source import open_items
from visrec_cli.logs.audit import audit
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.split import SplitOptions, SplitSpec
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.split.assignment import codes_of
from visrec_cli.stages.split.part_files import check_parts, write_parts
from visrec_cli.stages.split.strategies import PARTS, TEST, TRAIN, VALIDATION, Codes
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.time import are_positions


@takes(SplitOptions)
def split(
    source: Tabular, options: SplitOptions | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """The log with one more column: ``split`` (train, validation, test), or ``fold`` (0, 1 …).

    The same rows and seed give the same split, whatever their order.

    Parameters
    ----------
    source : Tabular
        The log.
    options : SplitOptions | None, default=None
        How it is split.
    report : Report | None, default=None
        Gets counts and notes.
    **named : Any
        Fields of SplitOptions, instead of those of ``options``.

    Returns
    -------
    pa.RecordBatchReader
        The log, with the new column last.

    Raises
    ------
    InputError
        A part would be empty, or the log lacks the times that the strategy needs.
    UsageError
        Options that contradict each other, or a column ``split`` or ``fold`` without ``replace``.
    OutputError
        The folder ``files`` cannot be made, or holds a part of an earlier split that this one has not.
    """
    report, way = report or Report(), options_of(SplitOptions, options, named)
    items, files = way.items, way.files
    if (items is None) != (way.group is None):
        raise UsageError("--group and --items go together", fix="--items items.arrow --group duplicate_of")
    if files is not None:
        check_parts(Path(files), way)
    if items is not None and all(is_path(one) and str(one) == "-" for one in (source, items)):
        raise UsageError("stdin cannot be both the log and the items", fix="name one of the files")
    features = None if items is None else open_items(items, id_column=way.id_column, report=report).read_all()
    log, notes = read_log(source, way.columns, Use("kept"), report)
    table = _without_parts(log, way.replace)
    audit(table, notes)
    codes = codes_of(table, way, features, report)
    if way.folds:
        table = table.append_column("fold", pa.array(codes, pa.int32()))
        sizes = np.bincount(codes, minlength=way.folds)
        report.warn(f"{way.folds} folds of {sizes.min():,} to {sizes.max():,} interactions")
    else:
        table = table.append_column("split", pa.array(PARTS, pa.string()).take(pa.array(codes)))
        _tell(table, codes, way, report)
    if files is not None:
        write_parts(table, Path(files))
    return notes.on(table).to_reader(max_chunksize=8192)


def _without_parts(table: pa.Table, replace: bool) -> pa.Table:
    old = [name for name in ("split", "fold") if name in table.column_names]
    if old and not replace:
        raise UsageError(f"the log has a column '{old[0]}' already", fix="add --replace to overwrite it")
    return table.drop_columns(old)


def _tell(table: pa.Table, codes: Codes, way: SplitSpec, report: Report) -> None:
    """Report the sizes of the parts, and what nothing can be learned about. Raises InputError for an empty part."""
    sizes = np.bincount(codes, minlength=len(PARTS))
    for part, size in zip(PARTS, sizes, strict=True):
        if size:
            report.count(f"in {part}", int(size))
    if way.by.startswith("cold-"):
        held = table.filter(pa.array(codes != TRAIN))[f"{way.by[5:]}_id"]
        report.count(f"{way.by[5:]}s held out", len(pc.unique(held)))
    wanted = {TRAIN: True, VALIDATION: way.validation > 0, TEST: way.cut is not None or way.test_size > 0}
    empty = next((PARTS[code] for code, asked in wanted.items() if asked and not sizes[code]), None)
    if empty is not None:
        raise InputError(f"nothing is left for {empty}{_range(table, way)}", fix=_remedy(way))
    learned, tested = (table.filter(pa.array(codes == code)) for code in (TRAIN, TEST))
    for kind, name in (("item", "item_id"), ("user", "user_id")):
        new = ~pc.is_in(tested[name], learned[name].combine_chunks()).to_numpy()
        if new.any() and way.by != f"cold-{kind}":
            ids = len(pc.unique(tested[name].filter(pa.array(new))))
            report.warn(
                f"not in train: {counted(ids, f'{kind}s')} of the test part, "
                f"{int(new.sum()):,} of its {len(new):,} interactions"
            )


def _range(table: pa.Table, way: SplitSpec) -> str:
    if way.by != "global-time":
        return ": users have too few interactions" if way.by in ("random", "last", "time") else ""
    if are_positions(table["timestamp"]):
        low, high = pc.min_max(table["timestamp"].cast(pa.int64())).as_py().values()
        return f": the log goes from position {low:,} to {high:,}"
    first, last = pc.min_max(table["timestamp"]).as_py().values()
    return f": the log goes from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _remedy(way: SplitSpec) -> str:
    return "a moment within the log: --cut DATE" if way.cut else "other shares, or --by global-time or cold-item"

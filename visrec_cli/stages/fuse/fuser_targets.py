"""Training targets of a fusion, from a label column or an interaction log."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, unknown
from visrec_cli.fusion.targets import Clicks, Labels, Pairs, Target, co_clicks
from visrec_cli.options.fuse import CLICKS, FuseOptions
from visrec_cli.runtime.report import Report
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import is_embedding_type

ANOTHER = "--target ANOTHER_COLUMN, --target pairs or --target clicks:LOG"


def target_of(table: pa.Table, options: FuseOptions, report: Report) -> Target:
    """What belongs together among the items of a table. Raises UsageError for a column that is not there, InputError
    for labels or clicks that say nothing.
    """
    assert options.target is not None
    if options.target_kind == "pairs":
        return Pairs(table.num_rows)
    if options.target_kind == "clicks":
        return _clicks(table, options.target, report)
    words = labels_of(table, options.target)
    named, codes = np.unique([word for word in words if word is not None], return_inverse=True)
    if len(named) < 2:
        only = f"one value, {str(named[0])!r}," if len(named) else "no value"
        raise InputError(
            f"column '{options.target}' has {only} in all {table.num_rows} items: there is nothing to distinguish",
            fix=ANOTHER,
        )
    if len(named) == len(codes):
        raise InputError(f"no two items share a value of '{options.target}': a label groups items", fix=ANOTHER)
    every = np.full(table.num_rows, -1, np.int64)
    every[[word is not None for word in words]] = codes
    if (every < 0).any():
        report.count(f"items without {options.target}", int((every < 0).sum()))
    return Labels(every, named.tolist(), options.target)


def labels_of(table: pa.Table, column: str) -> list[str | None]:
    """A column as labels, None where empty. Raises UsageError where it is not there, InputError for no labels."""
    usable = [field.name for field in table.schema if _may_be_labels(field)]
    if column not in table.column_names:
        raise unknown("column for --target", column, [name for name in usable if name != "item_id"])
    if column not in usable:
        kind = table.schema.field(column).type
        raise InputError(f"column '{column}' is {kind}, and labels are words or whole numbers", fix=ANOTHER)
    return [None if word is None or word == "" else word for word in pc.cast(table[column], pa.string()).to_pylist()]


def _may_be_labels(field: pa.Field) -> bool:
    kind = field.type
    plain = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    whole = pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_dictionary(kind)
    return not is_embedding_type(kind) and (plain or whole)


def _clicks(table: pa.Table, target: str, report: Report) -> Clicks:
    from visrec_cli.logs.audit import overview
    from visrec_cli.logs.reader import Use, read_log

    where = target.removeprefix(CLICKS)
    log, notes = read_log(where, None, Use(called=f"--target {target}"), report)
    overview(log, notes)
    note_other_forms(log["item_id"], table["item_id"], f"{where} beside the table", report)
    places = pc.index_in(log["item_id"].combine_chunks(), table["item_id"].combine_chunks())
    matched = np.asarray(places.is_valid())
    if not matched.any():
        raise InputError(
            f"{where}: none of its items is in the table (theirs: {log['item_id'][0].as_py()!r}, "
            f"ours: {table['item_id'][0].as_py()!r})",
            fix="ids are compared as text; look at both with visrec show",
        )
    if not matched.all():
        report.count("clicks on other items", int((~matched).sum()))
    items = np.asarray(places.drop_null()).astype(np.int64)
    users = np.asarray(pc.dictionary_encode(log["user_id"].combine_chunks()).indices)[matched].astype(np.int64)
    links = co_clicks(users, items, table.num_rows)
    if not links.nnz:
        raise InputError(f"{where}: no user has two of these items", fix=ANOTHER)
    return Clicks(links, target)

"""Reading of interaction logs into one form."""

import json
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.logs import Columns
from visrec_cli.runtime.report import Report
from visrec_cli.tables.conversions import polars_series
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.ids import ids_or_nulls
from visrec_cli.tables.interaction_headers import WITHOUT_HEADER, are_ratings, find_columns
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.time import read_times

__all__ = ["Columns", "has_ratings", "noted", "notes_of", "open_interactions", "with_weights", "without_zeros"]

_OURS = {"user": "user_id", "item": "item_id", "weight": "weight", "time": "timestamp", "event": "event"}
_SHOWN = 1000
_RATINGS = b"visrec.ratings"  # in the metadata of the weight's field
_NOTES = b"visrec.notes"  # in the metadata of the user's field
_WEIGHTS = ("--weight-column names another column, or none", "call the column of weights weight")


def open_interactions(
    source: Tabular, columns: Columns | None = None, *, zeros: bool = False, report: Report | None = None
) -> pa.Table:
    """The log as one table: ``user_id``, ``item_id`` (string), ``weight`` (float32, 1 where the log has none),
    ``timestamp`` (ms, UTC) and ``event`` where there are such columns, then all other columns untouched.

    Rows without user or item, or with a weight or time that cannot be used, are rejected; rows of weight 0 say that
    nothing happened: they are counted and left out, unless ``zeros`` are asked for. Raises InputError for a log without
    users, items or usable rows, UsageError for a column that is not there.
    """
    columns, report, where = columns or Columns(), report or Report(), name_of(source)
    named = [name for name in (columns.user, columns.item) if name is not None]
    names = () if columns.header else WITHOUT_HEADER
    table = open_table(source, as_text=named, names=names, role="log", report=report).read_all()
    found = find_columns(table.schema, columns, where)
    if not table.num_rows:
        raise InputError(f"{where} has no interactions", fix="a log has one row per interaction")
    arrays: dict[str, pa.ChunkedArray] = {}
    fields: list[pa.Field] = []
    for kind, name in found.items():
        values = _read(table, kind, name, where)
        if values is not None:
            arrays[_OURS[kind]] = values
            kept_metadata = None if name is None else _metadata(table.schema.field(name), kind)
            fields.append(pa.field(_OURS[kind], values.type, metadata=kept_metadata))
    for field in table.schema:
        if field.name in found.values():
            continue
        if field.name in arrays:
            own_name = next(found[kind] for kind, own_name in _OURS.items() if own_name == field.name)
            raise UsageError(f"{where} has both '{own_name}' and '{field.name}'", fix="drop or rename one of them")
        arrays[field.name] = table[field.name]
        fields.append(field)
    table = _usable(pa.table(list(arrays.values()), schema=pa.schema(fields)), where, report)
    return table if zeros else without_zeros(table, where, report)


def without_zeros(table: pa.Table, where: str, report: Report) -> pa.Table:
    """The log without its rows of weight 0, which are counted. Raises InputError if nothing else is left."""
    nothing = table["weight"].to_numpy() == 0
    if not nothing.any():
        return table
    report.count("rows of weight 0 left out", int(nothing.sum()))
    if nothing.all():
        raise InputError(f"{where}: all weights are 0: there are no interactions", fix=_WEIGHTS)
    return table.filter(pa.array(~nothing))


def has_ratings(table: pa.Table) -> bool:
    """Whether the weights of a log from ``open_interactions`` are ratings: opinions, of which the last counts."""
    return _RATINGS in (table.schema.field("weight").metadata or {})


def notes_of(table: pa.Table) -> set[str]:
    """What stages before have said of a log from ``open_interactions``, by kind; nothing where the mark is none."""
    text = (table.schema.field("user_id").metadata or {}).get(_NOTES, b"[]")
    try:
        return set(Origin("the notes of the log", fix="").read(text, list[str]))
    except InputError:
        return set()  # then they are said once more


def noted(table: pa.Table, kinds: Collection[str]) -> pa.Table:
    """The log with a mark of what was said of it."""
    at = table.schema.get_field_index("user_id")
    kept_metadata = {_NOTES: json.dumps(sorted(kinds), separators=(",", ":")).encode()} if kinds else None
    return table.set_column(at, table.schema.field(at).with_metadata(kept_metadata), table["user_id"])


def with_weights(table: pa.Table, weights: npt.NDArray[np.floating], *, ratings: bool) -> pa.Table:
    """The log with other weights, and a mark that says whether they are ratings. weights: (rows,)."""
    field = pa.field("weight", pa.float32(), metadata={_RATINGS: b"1"} if ratings else None)
    column = pa.chunked_array([np.asarray(weights, np.float32)])
    return table.set_column(table.schema.get_field_index("weight"), field, column)


def _metadata(field: pa.Field, kind: str) -> dict[bytes, bytes] | None:
    """What of a column's metadata is ours, and whether its name says that it holds ratings."""
    kept_metadata = field.metadata or {}
    if kind == "weight" and (are_ratings(field.name) or _RATINGS in kept_metadata):
        return {_RATINGS: b"1"}
    return {_NOTES: kept_metadata[_NOTES]} if kind == "user" and _NOTES in kept_metadata else None


def _read(table: pa.Table, kind: str, name: str | None, where: str) -> pa.ChunkedArray | None:
    """One of our columns, null where a value cannot be used; None where the log has no such column."""
    if name is None:
        return pa.chunked_array([np.ones(table.num_rows, np.float32)]) if kind == "weight" else None
    column = table[name]
    if kind == "weight":
        return _read_weights(column, name, where)
    if kind == "time":
        return None if column.null_count == len(column) else read_times(column, name=name, where=where)
    text = ids_or_nulls(column, name=name, where=where)
    return text if kind == "event" else pc.if_else(pc.equal(text, ""), None, text)


def _read_weights(column: pa.ChunkedArray, name: str, where: str) -> pa.ChunkedArray:
    if column.type == pa.float32():  # as we write it
        return column
    import polars as pl

    values = polars_series(name, column, where)
    try:
        weights = values.cast(pl.Float32, strict=False)
    except pl.exceptions.PolarsError:
        weights = values
    if weights.dtype != pl.Float32:
        weights = pl.Series([None] * len(values), dtype=pl.Float32)
    if weights.null_count() == len(weights) > column.null_count:
        raise InputError(
            f"{where}: column '{name}' holds no numbers: the first is {str(values.drop_nulls()[0])[:40]!r}",
            fix=_WEIGHTS,
        )
    return pa.chunked_array([weights.to_arrow()])


def _usable(table: pa.Table, where: str, report: Report) -> pa.Table:
    """The rows that say something. Others are rejected with their number, or counted."""
    weight = table["weight"].to_numpy()  # nulls are NaN
    problems = {
        "no user": _null(table, "user_id"),
        "no item": _null(table, "item_id"),
        "the weight is not a number": ~np.isfinite(weight),
        "the weight is negative": weight < 0,
        "no time that can be read": _null(table, "timestamp"),
    }
    reasons = list(problems)
    first = np.select(list(problems.values()), range(len(reasons)), len(reasons)).astype(np.int8)
    bad = first < len(reasons)
    wrong = bool(bad.all())  # then it is the columns, and a few rows show it
    for row in np.flatnonzero(bad)[: _SHOWN if wrong else None].tolist():
        item = table["item_id"][row].as_py()
        report.reject("interactions", f"row {row + 1}: {reasons[first[row]]}", path=where, item_id=item)
    if wrong:
        counts = ", ".join(f"{reason}: {int(mask.sum()):,}" for reason, mask in problems.items() if mask.any())
        raise InputError(
            f"{where}: none of its {table.num_rows:,} rows can be used ({counts})",
            fix=(
                "name its columns with --user-column, --item-column, --weight-column, --time-column",
                "call them user_id, item_id, weight, timestamp",
            ),
        )
    return table.filter(pa.array(~bad)) if bad.any() else table


def _null(table: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    """(rows,) bool, where the column is null; nowhere if it is not there."""
    return table[name].is_null().to_numpy() if name in table.column_names else np.zeros(table.num_rows, bool)

"""Merging of repeated rows of a user and item."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

PARTS = ("split", "fold")  # rows of different parts are never merged: a test row stays one

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Merged:
    """A log with one row per pair. weights, faded: (rows,) without and with the fading of time."""

    table: pa.Table
    weights: Numbers
    faded: Numbers

    @property
    def rows(self) -> int:
        """How many pairs there are."""
        return int(self.table.num_rows)


def merge(table: pa.Table, way: str, fading: Numbers | None) -> Merged:
    """Merge the rows of each pair. way: one of options.logs.REPEATS. fading: (rows,) factors of the weights.

    ``last`` is the last by time, among equal times by place in the log. Rows stay in the order of first appearance.
    """
    weights = table["weight"].to_numpy().astype(np.float64)
    pairs, place = pair_codes(table), np.arange(table.num_rows)
    times = table["timestamp"].cast(pa.int64()).to_numpy() if "timestamp" in table.column_names else place
    order = np.lexsort((place, {"last": times, "max": weights}.get(way, place), pairs))
    starts = np.flatnonzero(np.diff(pairs[order], prepend=-1))
    ends = np.append(starts[1:], len(order)) - 1
    faded = weights if fading is None else weights * fading
    if way in ("last", "max"):
        rows = order[ends]
        values, faded = weights[rows], faded[rows]
    else:
        rows = order[starts]
        if way == "count":
            weights, faded = np.ones(len(weights)), np.ones(len(weights)) if fading is None else fading
        values, faded = (np.add.reduceat(numbers[order], starts) for numbers in (weights, faded))
    if len(rows) < table.num_rows:
        table = _latest(table.take(pa.array(rows)), times, order, starts)
    else:
        table = table.take(pa.array(rows))
    back = np.argsort(np.minimum.reduceat(place[order], starts), kind="stable")
    return Merged(table.take(pa.array(back)), values[back], faded[back])


def pair_codes(table: pa.Table) -> npt.NDArray[np.int64]:
    """(rows,) a number for each user and item, and part where the log is split."""
    names = ["user_id", "item_id", *(name for name in PARTS if name in table.column_names)]
    code = np.zeros(table.num_rows, np.int64)
    for name in names:
        encoded = table[name].combine_chunks().dictionary_encode()
        code = code * (len(encoded.dictionary) + 1) + pc.fill_null(encoded.indices, -1).to_numpy().astype(np.int64) + 1
    return code


def _latest(
    merged: pa.Table, times: npt.NDArray[np.int64], order: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]
) -> pa.Table:
    """The merged rows with the latest time of each pair."""
    if "timestamp" not in merged.column_names:
        return merged
    latest = pa.array(np.maximum.reduceat(times[order], starts)).cast(merged.schema.field("timestamp").type)
    return merged.set_column(merged.schema.get_field_index("timestamp"), merged.schema.field("timestamp"), latest)

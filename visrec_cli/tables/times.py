"""When something happened: one type for all logs."""

import pyarrow as pa
import pyarrow.compute as pc

TIME = pa.timestamp("ms", "UTC")
LAST = 4_102_444_800
"""Seconds to the year 2100: later times are mistakes."""


def read_times(column: pa.ChunkedArray, *, name: str, where: str) -> pa.ChunkedArray:
    """``timestamp[ms, UTC]``; null where a value is missing, cannot be read, or lies outside 1970 to 2100.

    Without a zone, UTC is meant. Raises InputError where no value can be read, or numbers are of mixed units or none.
    """
    if column.type == TIME and _all_in_range(column):  # as we write it
        return column
    from visrec_cli.tables.time_forms import times_of_any_form

    return times_of_any_form(column, name=name, where=where)


def _all_in_range(column: pa.ChunkedArray) -> bool:
    ends = pc.min_max(column.cast(pa.int64())).as_py()
    return ends["min"] is None or (ends["min"] >= 0 and ends["max"] < LAST * 1000)

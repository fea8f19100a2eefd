"""When something happened: one type for all logs.

A log may number its events (0, 1, 2 …) instead of dating them. Such positions are kept as so many milliseconds since
1970: all of them lie within its first day, where no dated event does, so that they are known for what they are wherever
they are read again, as a table or as text.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

TIME = pa.timestamp("ms", "UTC")
LAST = 4_102_444_800
"""Seconds to the year 2100: later times are mistakes."""
POSITIONS = 100_000_000
"""Smaller numbers are no time in any unit; as milliseconds, they are positions."""


def read_times(column: pa.ChunkedArray, *, name: str, where: str) -> pa.ChunkedArray:
    """``timestamp[ms, UTC]``; null where a value is missing, cannot be read, or lies outside 1970 to 2100.

    Without a zone, UTC is meant. Whole numbers that are no times are positions, see ``are_positions``. Raises
    InputError where no value can be read, or numbers are of mixed units or none.
    """
    if column.type == TIME and _all_in_range(column):  # as we write it
        return column
    from visrec_cli.tables.time_forms import times_of_any_form

    return times_of_any_form(column, name=name, where=where)


def _all_in_range(column: pa.ChunkedArray) -> bool:
    ends = pc.min_max(column.cast(pa.int64())).as_py()
    return ends["min"] is None or (ends["min"] >= 0 and ends["max"] < LAST * 1000)


def are_positions(times: pa.ChunkedArray | pa.Array | npt.NDArray[np.int64] | None) -> bool:
    """Whether these times (of ``read_times``, or as milliseconds) are positions: they say what came before what, and
    nothing of when. False where there are none."""
    if times is None or not len(times):
        return False
    if isinstance(times, np.ndarray):
        return bool(times.max() < POSITIONS)
    latest = pc.max(times.cast(pa.int64())).as_py()
    return latest is not None and latest < POSITIONS

"""When something happened: one type for all logs, read from the forms that logs have.

Those are Unix seconds to nanoseconds, ISO dates and times, ``20200920``, and Arrow's own. A number says its unit by its
size: all times of people who click lie between 1973 and 2100.

A log may number its events (0, 1, 2 …) instead of dating them. Such positions are kept as so many milliseconds since
1970: all of them lie within its first day, where no dated event does, so that they are known for what they are wherever
they are read again, as a table or as text.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError

if TYPE_CHECKING:
    import polars as pl  # loaded where a form is another than ours: our own tables have no need of it

TIME = pa.timestamp("ms", "UTC")
LAST = 4_102_444_800
"""Seconds to the year 2100: later times are mistakes."""
POSITIONS = 100_000_000
"""Smaller numbers are no time in any unit; as milliseconds, they are positions."""
FORMS = "Unix seconds (or milli-, micro-, nanoseconds), 2020-09-20, 2020-09-20T18:30:00+02:00"
_FIRST = 100_000_000  # seconds: March 1973
_FIRST_DAY, _LAST_DAY = 19_700_101, 21_001_231
_UNITS = (1_000.0, 1.0, 1e-3, 1e-6)  # milliseconds in a second, a milli-, micro- and nanosecond
_MOST = 0.99
_ISO = (
    r"^\s*(?<date>\d{4}[-/.]\d{2}[-/.]\d{2})"
    r"(?:[T ](?<time>\d{2}:\d{2}(?::\d{2})?)(?<part>\.\d{1,3})?\d*)?"
    r"\s*(?:Z|UTC|GMT|(?<sign>[+-])(?<hours>\d{2}):?(?<minutes>\d{2})?)?\s*$"
)


def read_times(column: pa.ChunkedArray, *, name: str, where: str) -> pa.ChunkedArray:
    """``timestamp[ms, UTC]``; null where a value is missing, cannot be read, or lies outside 1970 to 2100.

    Without a zone, UTC is meant. Whole numbers that are no times are positions, see ``are_positions``. Raises
    InputError where no value can be read, or numbers are of mixed units or none.
    """
    if column.type == TIME and _all_in_range(column):  # as we write it
        return column
    import polars as pl

    from visrec_cli.tables.conversions import polars_series

    values = polars_series(name, column, where)
    if values.dtype == pl.String:
        numbers = values.cast(pl.Float64, strict=False)
        values = numbers if numbers.null_count() == values.null_count() else values
    if values.dtype.is_numeric():
        times = _from_numbers(values.cast(pl.Float64).fill_nan(None), name, where)
    elif values.dtype == pl.String:
        times = _from_text(values)
    elif values.dtype.is_temporal() and values.dtype != pl.Time and not isinstance(values.dtype, pl.Duration):
        times = values.cast(pl.Datetime("ms")).cast(pl.Int64)
    else:
        raise InputError(f"{where}: column '{name}' is {column.type} and holds no times", fix=f"known are {FORMS}")
    times = times.set((times < 0) | (times >= LAST * 1000), None)
    if times.null_count() == len(times) > column.null_count:
        raise InputError(
            f"{where}: column '{name}' holds no times between 1970 and 2100: {_first(values)}",
            fix=(f"known are {FORMS}; --time-column names another column, or none", f"write them as {FORMS}"),
        )
    return pa.chunked_array([times.to_arrow().cast(pa.int64()).cast(TIME)])


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


def _from_numbers(values: "pl.Series", name: str, where: str) -> "pl.Series":
    """Milliseconds since 1970. The unit is what most numbers say; a few that do not fit it are null."""
    import polars as pl

    present = values.drop_nulls()
    if not len(present):
        return values.cast(pl.Int64)
    if present.is_between(_FIRST_DAY, _LAST_DAY).all():
        return _days(values)
    if present.max() < POSITIONS and present.min() >= 0 and (present.floor() == present).all():  # type: ignore[operator]
        _require_order(present, name, where)
        return values.cast(pl.Int64)
    middle = present.quantile(0.5, "nearest") or 0.0
    factor = next((factor for factor in _UNITS if _FIRST <= middle * factor / 1000 < LAST), 0.0)
    fits = (values * factor / 1000).is_between(_FIRST, LAST)
    if fits.sum() < _MOST * len(present):
        low, high = (present.quantile(end) or 0.0 for end in (0.0, 1.0))
        raise InputError(
            f"{where}: column '{name}' holds numbers from {low:.0f} to {high:.0f}: "
            "in no one unit are these times from 1973 to 2100, nor whole numbers that count the events",
            fix=("--time-column names another column, or none", f"write them as {FORMS}"),
        )
    return (values * factor).round().cast(pl.Int64, strict=False).set(~fits.fill_null(False), None)


def _require_order(present: "pl.Series", name: str, where: str) -> None:
    """Numbers of events, such as 0, 1, 2 …, are each so many milliseconds; one number alone is no order."""
    if len(present) > 1 and present.n_unique() == 1:
        raise InputError(
            f"{where}: column '{name}' is {present[0]:.0f} in every row: neither times nor an order",
            fix=("--time-column names another column, or none", f"write them as {FORMS}, or leave the column out"),
        )


def _days(values: "pl.Series") -> "pl.Series":
    """Numbers such as 20200920."""
    import polars as pl

    text = values.cast(pl.Int64).cast(pl.String)
    return text.str.to_datetime("%Y%m%d", time_unit="ms", strict=False).cast(pl.Int64)


def _from_text(values: "pl.Series") -> "pl.Series":
    """Milliseconds since 1970, null where the form is another. Each distinct text is read once."""
    import polars as pl

    distinct = values.unique(maintain_order=True).drop_nulls()
    parts = distinct.to_frame("text").select(pl.col("text").str.extract_groups(_ISO).alias("p")).unnest("p")
    clock = pl.col("time").fill_null("00:00")
    clock = pl.when(clock.str.len_chars() == 5).then(clock + ":00").otherwise(clock)
    stamp = pl.col("date").str.replace_all(r"[/.]", "-") + " " + clock
    offset = pl.col("hours").cast(pl.Int64).fill_null(0) * 60 + pl.col("minutes").cast(pl.Int64).fill_null(0)
    offset = pl.when(pl.col("sign") == "-").then(-offset).otherwise(offset)
    read = parts.select(
        stamp.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False).cast(pl.Int64)
        + (pl.col("part").cast(pl.Float64).fill_null(0.0) * 1000).round().cast(pl.Int64)
        - offset * 60_000
    ).to_series()
    return values.replace_strict(distinct, read, default=None, return_dtype=pl.Int64)


def _first(values: "pl.Series") -> str:
    """The first value there is, for a message."""
    present = values.drop_nulls()
    return f"the first is {str(present[0])[:40]!r}" if len(present) else "it is empty"

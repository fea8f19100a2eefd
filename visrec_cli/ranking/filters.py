"""Which items pass a condition in SQL: ``price < 50 and category = 'shoes'``."""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import UsageProblem


def rows_where(items: pa.Table, where: str) -> npt.NDArray[np.bool_]:
    """(n,) bool, True where the condition holds; where it is unknown (a null) it does not.

    where: one SQL expression over the columns, in the dialect of polars. Raises UsageProblem, quoting the columns,
    when it cannot be read, names an unknown column or is no condition.
    """
    items = items.select([field.name for field in items.schema if not pa.types.is_binary(field.type)])  # pictures
    frame = pl.DataFrame(pl.from_arrow(items))
    try:
        # beside a full column, a condition that is one value for all ("true", "sum(n) > 1") is repeated in each row
        answer = frame.select(pl.int_range(pl.len()).alias("row"), pl.sql_expr(where).alias("keep"))["keep"]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError) as error:
        raise UsageProblem(f"--where {where!r}: {_first_line(error)}", fix=_hint(items, where, error)) from error
    if answer.dtype != pl.Boolean:
        raise UsageProblem(
            f"--where {where!r} is no condition: it gives {answer.dtype}, not true or false",
            fix="compare something: --where \"category = 'shoes'\"",
        )
    return answer.fill_null(False).to_numpy()


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].split("; valid columns:")[0]


def _hint(items: pa.Table, where: str, error: BaseException) -> str:
    text = [name for name in items.column_names if name in where and _holds_numbers(items[name])]
    if text and isinstance(error, pl.exceptions.ComputeError):
        return f"column '{text[0]}' came as text; write TRY_CAST({text[0]} AS DOUBLE) for its numbers"
    if "date/datetime/time" in str(error):
        return "a date is written as DATE '2026-01-31', a time as TIMESTAMP '2026-01-31 12:00:00'"
    if isinstance(error, pl.exceptions.ColumnNotFoundError) and '"' in where:
        return "text stands in single quotes, double quotes name a column: --where \"category = 'shoes'\""
    return "the columns are " + ", ".join(f"{field.name} ({field.type})" for field in items.schema)


def _holds_numbers(column: pa.ChunkedArray) -> bool:
    """Whether a text column has a number in its first value."""
    if not pa.types.is_string(column.type):
        return False
    first = pc.drop_null(column.slice(0, 1000)).slice(0, 1).to_pylist()
    try:
        return bool(first) and float(first[0]) is not None
    except ValueError:
        return False

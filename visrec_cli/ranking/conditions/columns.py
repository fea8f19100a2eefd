"""Columns of a table as conditions compare them: five kinds, for all types of Arrow."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError
from visrec_cli.tables.failures import in_short

NUMBER, TEXT, TRUTH, DATE, TIME = "a number", "text", "true or false", "a date", "a time"
NOTHING = "null"
OTHER = "other"  # pictures, vectors, lists: only IS NULL applies to them


class ColumnKind(NamedTuple):
    """Kind of a column, or of a part of a condition.

    Attributes
    ----------
    name : str
        NUMBER, TEXT, TRUTH, DATE, TIME, NOTHING or OTHER.
    form : str, default=""
        Of a number: "whole" is compared exactly; "single" has 32 bits, and literals are rounded to it; "" has 64 bits.
    """

    name: str
    form: str = ""


def kind_of_type(kind: pa.DataType) -> ColumnKind:
    """The kind of a column, by its type."""
    if pa.types.is_dictionary(kind):
        return kind_of_type(kind.value_type)
    if pa.types.is_integer(kind):
        return ColumnKind(NUMBER, "whole")
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return ColumnKind(NUMBER, "" if pa.types.is_float64(kind) or pa.types.is_decimal(kind) else "single")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return ColumnKind(TEXT)
    if pa.types.is_boolean(kind):
        return ColumnKind(TRUTH)
    if pa.types.is_date(kind):
        return ColumnKind(DATE)
    if pa.types.is_timestamp(kind):
        return ColumnKind(TIME)
    return ColumnKind(NOTHING if pa.types.is_null(kind) else OTHER)


def comparable(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Convert a column to the one type of its kind.

    Columns that cannot be compared become true where they are not null. Times are UTC in microseconds, without a zone.
    NaN becomes null: it is not a number, and would pass every "more than".

    Parameters
    ----------
    column : pa.ChunkedArray
        The column.
    name : str
        Its name, for messages.

    Returns
    -------
    pa.ChunkedArray
        The converted column.

    Raises
    ------
    InputError
        If a value does not fit into the type.
    """
    kind = kind_of_type(column.type)
    if kind.name in (OTHER, NOTHING):
        return pc.if_else(column.is_valid(), True, pa.scalar(None, pa.bool_()))
    try:
        if kind.name == TIME:
            return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.timestamp("us"))
        if kind.name == DATE:
            return column.cast(pa.date32())
        if kind.name == TEXT:
            return column.cast(pa.large_string())
        if kind.name == NUMBER and pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_float16(column.type):
            column = column.cast(pa.float32())
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        if pa.types.is_integer(column.type) and not pa.types.is_uint64(column.type):
            column = column.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise InputError(
            f"--where cannot compare column '{name}' ({column.type}): {in_short(error)}",
            fix="convert it to text, numbers or times first (duckdb, polars)",
        ) from error
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column

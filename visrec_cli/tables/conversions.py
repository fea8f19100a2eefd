"""Arrow columns as Python values and as polars series: types and values that one side has and the other not.

Arrow holds times of any year, in zones of any name, and decimals of 76 digits; Python's calendar ends in 9999, and
polars stops the process at what it does not know. What the other side cannot hold becomes text that says the same.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.failures import LIBRARY_FAILURES, polars_failures

if TYPE_CHECKING:
    import polars as pl

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds: the years 1 to 9999
_DAY = 86_400
_LONGEST = 999_999_999 * _DAY  # of a timedelta
_Zone = Callable[[str], bool]


def python_values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """The values of a column, as ``to_pylist`` gives them; times that Python's calendar does not hold are text."""
    try:
        values: list[Any] = column.to_pylist()
    except LIBRARY_FAILURES:
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        values = [
            value for chunk in chunks for value in portable(chunk, _known_to_python, whole_micros=True).to_pylist()
        ]
    return values


def python_value(scalar: pa.Scalar) -> Any:
    """One such value."""
    try:
        return scalar.as_py()
    except LIBRARY_FAILURES:
        return python_values(pa.array([scalar], scalar.type))[0]


def python_rows(table: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries of such values."""
    columns = [python_values(column) for column in table.columns]
    return [dict(zip(table.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def polars_series(name: str, column: pa.Array | pa.ChunkedArray, where: str = "the table") -> "pl.Series":
    """The column for polars; what it has no type for is text. Raises InputError for columns that it cannot hold."""
    import polars as pl

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [portable(stored(chunk), _known_to_polars) for chunk in chunks]
    kinds = {part.type for part in parts}
    if len(kinds) > 1:  # one chunk holds what the others do not
        parts = [portable(stored(chunk), _known_to_polars, as_text=True) for chunk in chunks]
    whole = pa.chunked_array(parts, parts[0].type) if parts else pa.chunked_array([], column.type)
    try:
        return pl.DataFrame(pl.from_arrow(pa.table([whole], names=[name]))).to_series()
    except polars_failures() as error:
        raise InputError(f"{where}: column '{name}' is {column.type} and cannot be used", fix="drop it") from error


def portable(array: pa.Array, known: _Zone, *, whole_micros: bool = False, as_text: bool = False) -> pa.Array:
    """The array, with text in place of what only Arrow holds; within lists and structs too.

    known: whether a zone of this name is known on the other side; UTC stands for another. whole_micros: text for
    times that are finer. as_text: text for all that may need it.
    """
    kind = array.type

    def inner(part: pa.Array) -> pa.Array:
        return portable(part, known, whole_micros=whole_micros, as_text=as_text)

    if pa.types.is_struct(kind) and kind.num_fields:
        parts = [inner(array.field(at)) for at in range(kind.num_fields)]
        fields = [field.with_type(part.type) for field, part in zip(kind, parts, strict=True)]
        return pa.StructArray.from_arrays(parts, fields=fields, mask=array.is_null())
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        values = array.flatten()
        plain = inner(values)
        return array if plain.type == values.type else _listed(array, plain)
    if pa.types.is_map(kind):
        return inner(array.cast(pa.list_(pa.struct([kind.key_field, kind.item_field]))))
    if pa.types.is_timestamp(kind):
        return _time(array, known, whole_micros, as_text)
    if pa.types.is_date(kind):
        per_day = 1 if pa.types.is_date32(kind) else _DAY * 1000
        fits = _within(array, _FIRST // _DAY * per_day, (_LAST // _DAY + 1) * per_day - 1)
        return array if fits and not as_text else _dated(array, "D" if per_day == 1 else "ms", "")
    if pa.types.is_duration(kind):
        most = _LONGEST * _PER_SECOND[kind.unit]
        fits = _within(array, -most, most) and not (whole_micros and _finer(array))
        return array if fits and not as_text else _numbered(array, kind.unit)
    if pa.types.is_time(kind):
        return array.cast(pa.string()) if whole_micros and _finer(array) else array
    if pa.types.is_decimal(kind) and (pa.types.is_decimal256(kind) or kind.scale < 0):
        return array.cast(pa.string())
    return array


def _time(array: pa.Array, known: _Zone, whole_micros: bool, as_text: bool) -> pa.Array:
    zone, unit = array.type.tz, array.type.unit
    if zone is not None and not known(zone):
        zone, array = "UTC", array.cast(pa.timestamp(unit, "UTC"))  # the moment is the same, whatever the zone is
    per = _PER_SECOND[unit]
    fits = _within(array, _FIRST * per, (_LAST + 1) * per - 1)
    fits = fits and not (whole_micros and _finer(array))
    return array if fits and not as_text else _dated(array, unit, "" if zone is None else "Z")


def _finer(array: pa.Array) -> bool:
    """Whether times are finer than microseconds."""
    return array.type.bit_width == 64 and array.type.unit == "ns" and bool((_counts(array) % 1000).any())


def _counts(array: pa.Array) -> npt.NDArray[np.int64]:
    """(n,) the whole numbers that times are kept as. By hand: Arrow's functions cost an import that is felt."""
    width = array.type.bit_width // 8
    values = np.frombuffer(array.buffers()[1] or b"", f"<i{width}")[array.offset : array.offset + len(array)]
    if array.null_count:
        values = np.where(np.asarray(array.is_valid()), values, 0)
    return values.astype(np.int64)


def _within(array: pa.Array, low: int, high: int) -> bool:
    counts = _counts(array)
    return not len(counts) or bool(counts.min() >= low and counts.max() <= high)


def _dated(array: pa.Array, unit: str, ending: str) -> pa.Array:
    """ISO 8601 of any year; numpy counts in 64 bits."""
    texts = [f"{moment}{ending}" for moment in np.datetime_as_string(_counts(array).astype(f"datetime64[{unit}]"))]
    return pa.array(texts, pa.string(), mask=np.asarray(array.is_null()))


def _numbered(array: pa.Array, unit: str) -> pa.Array:
    return pa.array([f"{one} {unit}" for one in _counts(array).tolist()], pa.string(), mask=np.asarray(array.is_null()))


def _listed(array: pa.Array, values: pa.Array) -> pa.Array:
    """Lists like those of ``array``, of other values; what ``flatten`` gives has none of those that are null."""
    import pyarrow.compute as pc

    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(array), 0).cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, values, mask=array.is_null())


def stored(array: pa.Array) -> pa.Array:
    """The array without an extension type of another tool: what it is kept as."""
    if not isinstance(array.type, pa.BaseExtensionType):
        return array
    return array.cast(pa.bool_()) if str(array.type) == "extension<arrow.bool8>" else array.storage


def _known_to_python(zone: str) -> bool:
    if zone[:1] in "+-" or zone == "UTC":
        return True
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _known_to_polars(zone: str) -> bool:
    import polars as pl

    try:
        pl.Series([0], dtype=pl.Int64).cast(pl.Datetime("ms", zone))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True

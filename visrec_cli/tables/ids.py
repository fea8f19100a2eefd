"""Which column names the item or the user, and the promise that ids are text, there, and unique."""

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.display import counted

ITEM_ALIASES = (
    "item_id", "item", "itemid", "id", "iid", "product_id", "productid", "article_id", "parent_asin", "asin", "sku",
    "movieid", "movie_id", "track_id", "image_id", "isbn", "stockcode", "book_id", "business_id", "recipe_id",
    "song_id", "video_id", "news_id", "game_id", "anime_id",
)  # fmt: skip
USER_ALIASES = (
    "user_id", "user", "userid", "uid", "customer_id", "customerid", "customer", "reviewerid", "reviewer_id",
    "visitorid", "visitor_id", "client_id", "member_id", "account_id", "session_id", "sessionid",
)  # fmt: skip
_EXACT = {
    pa.float16(): 2.0**11,
    pa.float32(): 2.0**24,
    pa.float64(): 2.0**53,
}  # from here on, whole numbers are left out
_ID_COLUMN = (
    "name it with --id-column COLUMN, or number the rows: --row-ids",
    "name it with --id-column COLUMN, or call it item_id",
    "call it item_id",
)
_FEW = 1 << 13  # ids that are compared without Arrow's functions
_RECBOLE = re.compile(r":(token|float)(_seq)?$")


def plain_name(name: str) -> str:
    """A header as aliases are written: small letters, ``_`` for spaces and hyphens, no RecBole type (``:token``)."""
    return re.sub(r"[\s-]+", "_", _RECBOLE.sub("", name.strip().lower()))


def is_id_name(name: str) -> bool:
    """Whether a header is a usual name for ids, which stay text: ``007`` and ``7`` are two items."""
    return plain_name(name) in ITEM_ALIASES or plain_name(name) in USER_ALIASES


def find_id_column(schema: pa.Schema, *, column: str | None = None, where: str = "the table") -> str:
    """The name of the item id column: ``column`` if given, else the first alias that is there (case ignored).

    Raises UsageError for a column that is not there, InputError when none of the aliases is.
    """
    columns = ", ".join(schema.names)
    if column is not None:
        if column not in schema.names:
            raise UsageError(f"{where} has no column '{column}'", fix=f"its columns are: {columns}")
        return column
    lower = {plain_name(name): name for name in reversed(schema.names)}
    for alias in ITEM_ALIASES:
        if alias in lower:
            return lower[alias]
    raise InputError(f"{where} has no id column (its columns are: {columns})", fix=_ID_COLUMN)


def with_row_ids(reader: pa.RecordBatchReader, where: str) -> pa.RecordBatchReader:
    """A table without ids, its rows numbered from 0 on as ``item_id``. Raises UsageError where it has ids."""
    lower = {plain_name(name): name for name in reversed(reader.schema.names)}
    named = next((lower[alias] for alias in ITEM_ALIASES if alias in lower), None)
    if named is not None:
        raise UsageError(
            f"--row-ids needs an NPY matrix or a table without ids, and {where} has the column '{named}'",
            fix="leave out --row-ids",
        )
    schema = reader.schema.insert(0, pa.field("item_id", pa.string()))

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in reader:
            ids = pa.array(range(start, start + batch.num_rows)).cast(pa.string())
            yield pa.RecordBatch.from_arrays([ids, *batch.columns], schema=schema)
            start += batch.num_rows

    return pa.RecordBatchReader.from_batches(schema, batches())


def as_ids(column: pa.Array, *, name: str, where: str = "the table") -> pa.Array:
    """A column of ids as text, without nulls. Whole floats (what pandas makes of ids with gaps) lose their ``.0``."""
    column = ids_or_nulls(column, name=name, where=where)
    if column.null_count:
        import pyarrow.compute as pc

        row = pc.index(column.is_null(), True).as_py()
        raise InputError(
            f"{where}: column '{name}' is empty in {counted(column.null_count, 'rows')}, first in row {row + 1}",
            fix="give each item an id, or drop those rows",
        )
    return column


def ids_or_nulls(column: pa.Array | pa.ChunkedArray, *, name: str, where: str = "the table") -> Any:
    """The same for a column that may have gaps, which stay."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_floating(column.type):
        import pyarrow.compute as pc

        wide = column.cast(pa.float64())  # floats of 16 bits have no functions
        nothing = pc.is_nan(wide)
        wide = pc.if_else(nothing, None, wide)
        if pc.all(pc.equal(pc.floor(wide), wide), min_count=0).as_py():
            _refuse_rounded(wide, _EXACT[column.type], name, where)
            column = wide.cast(pa.int64())
        else:
            column = pc.if_else(nothing, None, column)
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{where}: column '{name}' is {column.type} and cannot be an id") from error


def _refuse_rounded(column: pa.Array | pa.ChunkedArray, exact: float, name: str, where: str) -> None:
    """Raises InputError where whole numbers are so large that floats leave some out: then ids fell together."""
    import pyarrow.compute as pc

    rounded = pc.fill_null(pc.greater_equal(pc.abs(column), exact), False)
    if pc.any(rounded, min_count=0).as_py():
        row = pc.index(rounded, True).as_py()
        raise InputError(
            f"{where}: column '{name}' holds ids that went through floats and lost digits, first in row {row + 1}: "
            f"{column[row].as_py():.0f}",
            fix=f"read them as text where the table is made (with pandas: dtype={{'{name}': 'string'}})",
        )


def with_item_ids(
    reader: pa.RecordBatchReader, *, column: str | None = None, unique: bool = True, where: str = "the table"
) -> pa.RecordBatchReader:
    """The same table with its id column named ``item_id``, of type string, without nulls, and ``unique`` if asked.

    Raises InputError that names the first offenders, for repeated ids by the end of the table at the latest.
    """
    name = find_id_column(reader.schema, column=column, where=where)
    at = reader.schema.get_field_index(name)
    fields = list(reader.schema)
    if name != "item_id" and "item_id" in reader.schema.names:
        raise UsageError(f"{where} has both '{name}' and 'item_id'", fix="drop or rename one of them")
    fields[at] = pa.field("item_id", pa.string(), nullable=True)
    schema = pa.schema(fields)

    def batches() -> Iterator[pa.RecordBatch]:
        seen = _Seen(where) if unique else None
        for batch in reader:
            arrays = batch.columns
            arrays[at] = as_ids(arrays[at], name=name, where=where)
            if seen is not None:
                seen.add(arrays[at])
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        if seen is not None:
            seen.compare()

    return pa.RecordBatchReader.from_batches(schema, batches())


def require_unique(ids: pa.ChunkedArray, where: str) -> None:
    """Raise InputError that names the first ids that are there more than once."""
    if len(ids) < _FEW and len(set(ids.to_pylist())) == len(ids):
        return
    import pyarrow.compute as pc  # takes long to import, and small tables need it for nothing else

    if len(pc.unique(ids)) == len(ids):
        return
    counts = pc.value_counts(ids)
    repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    shown = ", ".join(f"'{one}'" for one in repeated[:3])
    raise InputError(
        f"{where}: item_id is not unique: {shown}{' and others' if len(repeated) > 3 else ''} "
        f"appear{'s' if len(repeated) == 1 else ''} more than once",
        fix=(
            "keep one row per item, or take the rows of an id for its pictures: --several-pictures",
            "keep one row per item (with polars: df.unique('item_id', keep='first', maintain_order=True))",
        ),
    )


class _Seen:
    """The ids so far, compared at once, and again whenever they became half as many more."""

    def __init__(self, where: str) -> None:
        self._parts: list[pa.Array] = []
        self._rows, self._due = 0, 0
        self._where = where

    def add(self, ids: pa.Array) -> None:
        self._parts.append(ids)
        self._rows += len(ids)
        if self._rows >= self._due:
            self.compare()

    def compare(self) -> None:
        require_unique(pa.chunked_array(self._parts, pa.string()), self._where)
        self._due = self._rows + self._rows // 2

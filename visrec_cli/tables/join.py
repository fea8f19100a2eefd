"""Join of tables by ``item_id``, never by row number."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.runtime.report import Report
from visrec_cli.tables.compatibility import require_same_version
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import is_embedding_type, matrix_of

_LARGE = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}
_PIECE = 512


def join_items(tables: Sequence[pa.Table], names: Sequence[str], report: Report) -> pa.Table:
    """Outer join of item tables on ``item_id`` (unique strings in each), in the order of first appearance.

    A column that several tables have is taken from the first; where that one is null, from the next. So is an embedding
    column that flowed through several tables, or whose items are spread over them; one of the same name with other
    vectors or another space is kept as ``NAME_2``. Items that some table lacks are counted, and differences are said,
    also where ids differ in nothing but their Unicode form.
    Raises SpaceMismatchError where one table's pictures were embedded as the first release did, and another's not.
    """
    joined = tables[0]
    for table, name in zip(tables[1:], names[1:], strict=True):
        joined = _pair(joined, table, name, report)
    return joined


def _pair(left: pa.Table, right: pa.Table, name: str, report: Report) -> pa.Table:
    ids = left.column("item_id").to_pylist()
    row_of = {item: row for row, item in enumerate(right.column("item_id").to_pylist())}
    first_ids = set(ids)
    extra = [item for item in row_of if item not in first_ids]
    lacking = sum(item not in row_of for item in ids)
    if lacking:
        report.count(f"items not in {name}", lacking)
    if lacking == len(ids) > 0 and extra and set(left.column_names) == set(right.column_names):
        report.warn(
            f"{name} has the columns of the tables before it, and none of their items: that is a concatenation, which "
            "visrec concat makes without holding the tables in memory"
        )
    if extra:
        report.count(f"items only in {name}", len(extra))
        note_other_forms(extra, first_ids, f"{name} beside the tables before it", report)
    rows = pa.array([row_of.get(item) for item in [*ids, *extra]], pa.int64())
    nothing = pa.nulls(len(extra), pa.int64())
    left_rows = pa.concat_arrays([pa.array(np.arange(len(ids)), pa.int64()), nothing])
    columns = {"item_id": pa.array([*ids, *extra], pa.string())}
    fields = {"item_id": pa.field("item_id", pa.string())}
    for field in left.schema:
        if field.name != "item_id":
            columns[field.name], fields[field.name] = _taken(left.column(field.name), left_rows), field
    for field in right.schema:
        if field.name == "item_id":
            continue
        values, target = _taken(right.column(field.name), rows), field.name
        if target in columns and is_embedding_type(field.type):
            what = f"'{target}' of {name}"
            require_same_version(space_of(fields[target]), space_of(field), f"'{target}' of the first table", what)
            if _same_vectors(fields[target], columns[target], field, values):
                columns[target] = _filled(columns[target], values)
                continue
            target = _free(target, columns)
            report.warn(f"{what} is kept as '{target}'")
        if target in columns:
            columns[target] = _merged(columns[target], values, target, name, report)
        else:
            columns[target], fields[target] = values, field.with_name(target)
    return pa.table(list(columns.values()), schema=pa.schema(list(fields.values())))


def _taken(column: pa.ChunkedArray, rows: pa.Array) -> pa.ChunkedArray:
    """Rows of a column, null where a row is: Arrow's own take fails on more than 2 GiB of text or pictures."""
    if column.type not in _LARGE:
        return column.take(rows)
    whole = column.cast(_LARGE[column.type]).combine_chunks()
    pieces = [rows.slice(start, _PIECE) for start in range(0, len(rows), _PIECE)]
    return pa.chunked_array([whole.take(piece).cast(column.type) for piece in pieces], column.type)


def _same_vectors(a: pa.Field, first: pa.ChunkedArray, b: pa.Field, second: pa.ChunkedArray) -> bool:
    """Whether two columns are parts of one: the same space, and the same vectors for the items that both have."""
    space = space_of(a)
    if a.type != b.type or space != space_of(b):
        return False
    both = pc.and_(first.is_valid(), second.is_valid())
    first_vectors, second_vectors = (matrix_of(column.filter(both), name=a.name)[0] for column in (first, second))
    return np.array_equal(first_vectors, second_vectors) and (space is not None or len(first_vectors) > 0)


def _filled(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.ChunkedArray:
    """The first column's values and, where it has none, the second's."""
    if not first.null_count:
        return first
    rows = pc.if_else(first.is_valid(), np.arange(len(first)), np.arange(len(first)) + len(first))
    return pa.chunked_array([*first.chunks, *second.chunks]).take(rows.combine_chunks())


def _free(name: str, taken: dict[str, pa.Array]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _merged(first: pa.ChunkedArray, second: pa.ChunkedArray, column: str, name: str, report: Report) -> pa.ChunkedArray:
    if first.type != second.type:
        report.warn(f"'{column}' is {first.type} in the first table and {second.type} in {name}: the first is kept")
        return first
    if pa.types.is_nested(first.type) or isinstance(first.type, pa.BaseExtensionType):  # which Arrow cannot compare
        return _filled(first, second)
    differing = pc.sum(pc.fill_null(pc.not_equal(first, second), False)).as_py() or 0
    if differing:
        report.warn(f"'{column}' differs in {differing:,} items between the first table and {name}: the first is kept")
    return pc.coalesce(first, second)

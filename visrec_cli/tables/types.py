"""Arrow has three kinds of string; the tables have one. Other tools' layouts are brought to the plain ones here."""

import json
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError, UnpackedError
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.tables.column_names import unique_names
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.plain_sizes import plain_size


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The plain counterpart: ``string``, ``binary``, ``list``; no views, large variants, dictionaries, runs or UUIDs.

    Unions are text, as JSON has it. Fields of one name in a struct are told apart, as columns are (column_names).
    """
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    if isinstance(kind, pa.UuidType) or pa.types.is_union(kind):
        return pa.string()
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if _is_list(kind):
        return pa.list_(plain_type(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain_type(kind.value_type), kind.list_size)
    if pa.types.is_map(kind):
        parts = plain_type(kind.key_type), plain_type(kind.item_type)
        return kind if parts == (kind.key_type, kind.item_type) else pa.map_(*parts)
    if pa.types.is_struct(kind):
        names = unique_names(field.name for field in kind)
        return pa.struct([pa.field(name, plain_type(field.type)) for name, field in zip(names, kind, strict=True)])
    return kind


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with plain types and unique names; field metadata (the spaces) stays.

    Raises UnicodeDecodeError where the name of a column is no text, as in a damaged file.
    """
    names = unique_names(schema.names)
    fields = [
        field.with_name(name).with_type(plain_type(field.type)).with_nullable(True)
        for name, field in zip(names, schema, strict=True)
    ]
    return pa.schema(fields, metadata=schema.metadata)


def plain_batch(
    batch: pa.RecordBatch, schema: pa.Schema, where: str = "the table", counted: Unpacking | None = None
) -> pa.RecordBatch:
    """The batch cast to a plain schema of the same columns. Raises InputError for a column that cannot be, or that
    would be larger than ``counted`` allows."""
    if batch.schema.equals(schema, check_metadata=True):
        return batch
    arrays = []
    for column, field in zip(batch.columns, schema, strict=True):
        try:
            grown = 0 if counted is None or column.type == field.type else plain_size(column) - column.nbytes
            if counted is not None and grown > 0:
                counted.add(grown)
            arrays.append(_cast(column, field.type))
        except UnpackedError:
            raise
        except LIBRARY_FAILURES as error:
            raise InputError(
                f"{where}: column '{field.name}' ({column.type}) cannot be read ({in_short(error)})",
                fix="drop the column, or write it as a plain type: text, numbers, times, lists of them",
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column in its plain type; nested ones part by part, since Arrow casts no dictionaries or views in them."""
    if column.type == kind:
        return column
    if isinstance(column.type, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], kind)
    if pa.types.is_union(column.type):
        return pa.array([_in_words(value) for value in column.to_pylist()], kind)
    if pa.types.is_dictionary(column.type):
        values = _cast(column.dictionary, plain_type(column.type.value_type))  # views cannot be taken from
        return _cast(values.take(column.indices), kind)
    if pa.types.is_run_end_encoded(column.type):
        import pyarrow.compute as pc

        return _cast(pc.run_end_decode(column), kind)
    if pa.types.is_struct(column.type):
        parts = [_cast(column.field(at), field.type) for at, field in enumerate(kind)]
        return pa.StructArray.from_arrays(parts, fields=list(kind), mask=_missing(column))
    if pa.types.is_map(column.type):
        return _cast_maps(column, kind)
    if _is_list(column.type) and _is_list(kind):
        return _cast_lists(column, kind)
    if pa.types.is_fixed_size_list(column.type) and (width := kind.list_size):
        values = _cast(column.values.slice(column.offset * width, len(column) * width), kind.value_type)
        return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=_missing(column))
    return column.cast(kind)


def _cast_lists(column: Any, kind: pa.DataType) -> pa.Array:
    """By lengths: Arrow's own cast of list views errs on those that have nulls."""
    import pyarrow.compute as pc

    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(column), 0).cast(pa.int64()))
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
    return pa.ListArray.from_arrays(offsets, _cast(column.flatten(), kind.value_type), type=kind, mask=_missing(column))


def _cast_maps(column: Any, kind: pa.DataType) -> pa.Array:
    import pyarrow.compute as pc

    first, count = column.offsets[0].as_py(), column.offsets[-1].as_py() - column.offsets[0].as_py()
    keys = _cast(column.keys.slice(first, count), kind.key_type)
    items = _cast(column.items.slice(first, count), kind.item_type)
    offsets = pc.subtract(column.offsets, first)
    starts = pc.if_else(column.is_valid(), offsets[:-1], pa.scalar(None, pa.int32()))  # null where the map is
    return pa.MapArray.from_arrays(pa.concat_arrays([starts, offsets[-1:]]), keys, items, type=kind)


def _in_words(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _missing(column: pa.Array) -> pa.Array | None:
    return column.is_null() if column.null_count else None

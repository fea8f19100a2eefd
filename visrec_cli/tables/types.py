"""Arrow has three kinds of string; the tables have one. Other tools' layouts are brought to the plain ones here."""

import pyarrow as pa


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The plain counterpart: ``string``, ``binary``, ``list``; no views, large variants, dictionaries or UUIDs."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    if isinstance(kind, pa.UuidType):
        return pa.string()
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(plain_type(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain_type(kind.value_type), kind.list_size)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, plain_type(f.type)) for f in kind])
    return kind


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with plain types; field metadata (the spaces) stays.

    Raises UnicodeDecodeError where the name of a column is no text, as in a damaged file.
    """
    _ = schema.names
    return pa.schema([f.with_type(plain_type(f.type)).with_nullable(True) for f in schema], metadata=schema.metadata)


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch cast to a plain schema of the same columns."""
    if batch.schema.equals(schema, check_metadata=True):
        return batch
    arrays = [
        column if column.type == field.type else _cast(column, field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(column.type, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], kind)
    if pa.types.is_dictionary(column.type):
        values = column.dictionary.cast(plain_type(column.type.value_type))  # views cannot be taken from
        column = values.take(column.indices)
    return column.cast(kind)

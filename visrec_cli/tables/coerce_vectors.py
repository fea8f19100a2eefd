"""Conversion of list columns (of duckdb, pandas, JSON) back to fixed-size vectors."""

from collections.abc import Iterator
from itertools import chain

import pyarrow as pa

from visrec_cli.errors import InputError


def with_fixed_vectors(reader: pa.RecordBatchReader, where: str) -> pa.RecordBatchReader:
    """The same table; lists of floats called ``embedding`` or ``…_embedding`` are vectors of one length again.

    The first vector says the length. Raises InputError, while reading, where a later one has another.
    """
    loose = [field.name for field in reader.schema if _is_loose(field)]
    if not loose:
        return reader
    import pyarrow.compute as pc

    seen: list[pa.RecordBatch] = []
    widths: dict[str, int] = {}
    for batch in reader:
        seen.append(batch)
        for name in loose:
            lengths = pc.drop_null(pc.list_value_length(batch.column(name)))
            if len(lengths) and lengths[0].as_py():
                widths.setdefault(name, lengths[0].as_py())
        if len(widths) == len(loose):
            break
    schema = reader.schema
    for name, width in widths.items():
        at = schema.get_field_index(name)
        schema = schema.set(at, schema.field(at).with_type(pa.list_(_number(schema.field(at).type.value_type), width)))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in chain(seen, reader):
            arrays = batch.columns
            for name in widths:
                at = schema.get_field_index(name)
                arrays[at] = _fixed(arrays[at], schema.field(at), where)
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _is_loose(field: pa.Field) -> bool:
    named = field.name == "embedding" or field.name.endswith("_embedding")
    return named and bool(pa.types.is_list(field.type)) and bool(pa.types.is_floating(field.type.value_type))


def _number(kind: pa.DataType) -> pa.DataType:
    return kind if pa.types.is_float16(kind) else pa.float32()


def _fixed(column: pa.Array, field: pa.Field, where: str) -> pa.Array:
    import pyarrow.compute as pc

    lengths = pc.unique(pc.drop_null(pc.list_value_length(column))).to_pylist()
    if set(lengths) - {field.type.list_size}:
        raise InputError(
            f"{where}: column '{field.name}' holds lists of different lengths ({min(lengths)} to {max(lengths)})",
            fix="embed all items with one encoder",
        )
    return column.cast(field.type)

"""Vectors as other tools keep them: lists, tensors and whole numbers become fixed-size lists of floats."""

from collections.abc import Iterator
from itertools import chain

import pyarrow as pa

from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import is_vector_name, lengths_differ, taken_as_they_are


def with_fixed_vectors(reader: pa.RecordBatchReader, where: str, report: Report) -> pa.RecordBatchReader:
    """The same table; its vectors are ``fixed_size_list`` of floats, whatever another tool made of them.

    Tensors of one axis are vectors whatever they are called, and lists of numbers where they are called so
    (``embedding``, ``vectors``, ``…_embedding``): the first says the length. Whole numbers (int8) become floats of the
    same value, which is told to the report. Raises InputError, while reading, where a later list has another length.
    """
    loose = [field.name for field in reader.schema if _is_loose(field)]
    ready = [field.name for field in reader.schema if _has_length(field)]
    if not loose and not ready:
        return reader
    seen: list[pa.RecordBatch] = []
    widths = {name: _length(reader.schema.field(name).type) for name in ready}
    if loose:
        import pyarrow.compute as pc  # takes long to import, and few tables need it

        for batch in reader:
            seen.append(batch)
            for name in loose:
                lengths = pc.drop_null(pc.list_value_length(batch.column(name)))
                if len(lengths) and lengths[0].as_py():
                    widths.setdefault(name, lengths[0].as_py())
            if len(widths) == len(loose) + len(ready):
                break
    schema = reader.schema
    for name, width in widths.items():
        at = schema.get_field_index(name)
        number = schema.field(at).type.value_type
        if pa.types.is_integer(number) and number.bit_width == 8:
            report.warn(taken_as_they_are(where, name, str(number)))
        schema = schema.set(at, schema.field(at).with_type(pa.list_(_float_for(number), width)))

    def batches() -> Iterator[pa.RecordBatch]:
        before = 0
        for batch in chain(seen, reader):
            arrays = batch.columns
            for name in widths:
                at = schema.get_field_index(name)
                arrays[at] = _fixed(arrays[at], schema.field(at), where, before)
            before += batch.num_rows
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _is_loose(field: pa.Field) -> bool:
    """Whether it is a list of numbers, of any length, that is called as vectors are."""
    return bool(is_vector_name(field.name) and pa.types.is_list(field.type) and _is_number(field.type.value_type))


def _has_length(field: pa.Field) -> bool:
    """Whether it holds vectors whose length its type says, in another layout than ours."""
    kind = field.type
    if isinstance(kind, pa.FixedShapeTensorType):
        named = pa.types.is_floating(kind.value_type) or is_vector_name(field.name)
        return named and len(kind.shape) == 1 and kind.shape[0] > 0 and _is_number(kind.value_type)
    whole = pa.types.is_fixed_size_list(kind) and kind.list_size > 0 and pa.types.is_integer(kind.value_type)
    return whole and is_vector_name(field.name)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _length(kind: pa.DataType) -> int:
    return int(kind.shape[0] if isinstance(kind, pa.FixedShapeTensorType) else kind.list_size)


def _float_for(number: pa.DataType) -> pa.DataType:
    return number if pa.types.is_float16(number) else pa.float32()


def _fixed(column: pa.Array, field: pa.Field, where: str, before: int) -> pa.Array:
    if isinstance(column.type, pa.FixedShapeTensorType):
        return _cast(column.storage, field.type)
    if not pa.types.is_list(column.type):
        return _cast(column, field.type)
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column)
    others = pc.fill_null(pc.not_equal(lengths, field.type.list_size), False)
    if pc.any(others, min_count=0).as_py():
        row = pc.index(others, True).as_py()
        raise lengths_differ(
            f"{where}: column '{field.name}'", field.type.list_size, lengths[row].as_py(), f"row {before + row + 1}"
        )
    return _cast(column, field.type)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Whole numbers that a float has no digits for are rounded, as doubles are."""
    return column.cast(kind, safe=False)

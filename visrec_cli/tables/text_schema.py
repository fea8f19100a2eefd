"""The Arrow schema of a table, stored in NDJSON where types would be lost.

JSON knows numbers, words and lists: no float32, no milliseconds, no note of what a column is. A model without its note
has no offset, no settings and no projection, so the first line of its NDJSON has one key more, ``visrec.schema``, with
the schema as Arrow serialises it, in base64. Other tools see a column that is null but for one row.
"""

import base64
import binascii
import contextlib

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.failures import in_short

KEY = "visrec.schema"
HOLDING = ".arrow, .arrows, .parquet or .ndjson"
"""The formats that give a model back as it was, for people."""


def is_model(schema: pa.Schema) -> bool:
    """Whether a table is a model (docs/contract.md)."""
    return {"entity", "id", "history"} <= set(schema.names)


def note_of(schema: pa.Schema) -> dict[str, str]:
    """What the first object of a table's NDJSON says besides its row: the schema of a model, else nothing."""
    if not is_model(schema):
        return {}
    fields = [field for field in schema if _comes_back(field.type)]
    return {KEY: base64.b64encode(pa.schema(fields).serialize().to_pybytes()).decode()}


def with_note(table: pa.Table, where: str) -> pa.Table:
    """The table with the types and notes that its column ``visrec.schema`` tells, and without that column.

    Columns that the note does not know, or whose values are no longer of its type, stay as JSON has them. Raises
    InputError for a note that cannot be read.
    """
    if KEY not in table.column_names:
        return table
    stored, table = table[KEY], table.drop_columns([KEY])
    for field in _schema_of(stored, where):
        at = table.schema.get_field_index(field.name)
        if at < 0:
            continue
        with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            table = table.set_column(at, field, table.column(at).cast(_through(field.type)).cast(field.type))
    return table


def _schema_of(stored: pa.ChunkedArray, where: str) -> pa.Schema:
    words = stored.drop_null()
    try:
        raw = base64.b64decode(words[0].as_py(), validate=True) if len(words) else pa.schema([]).serialize()
        return pa.ipc.read_schema(pa.py_buffer(raw))
    except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError, TypeError, binascii.Error, ValueError) as error:
        raise InputError(
            f"{where}: the schema in '{KEY}' cannot be read ({in_short(error)})",
            fix=f"make the file again, or take '{KEY}' out of its first line",
        ) from error


def _comes_back(kind: pa.DataType) -> bool:
    """Whether Arrow makes this type of what NDJSON has for it."""
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return _comes_back(kind.value_type)
    if pa.types.is_struct(kind):
        return all(_comes_back(part.type) for part in kind)
    if pa.types.is_timestamp(kind):
        return kind.unit != "ns"
    plain = (pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal,
             pa.types.is_string, pa.types.is_date32)  # fmt: skip
    return any(is_kind(kind) for is_kind in plain)


def _through(kind: pa.DataType) -> pa.DataType:
    """The type with times to the microsecond, as they stand in the text: Arrow does not read longer ones as shorter."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_through(kind.value_type)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_through(kind.value_type)), kind.list_size)
    if pa.types.is_struct(kind):
        return pa.struct([part.with_type(_through(part.type)) for part in kind])
    return kind

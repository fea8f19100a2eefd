"""Text that a spreadsheet would run: a cell that begins with = + - @, a tab or a return is a formula there.

CSV cannot say that a cell is text. An apostrophe before it can, and stays in sight: so it is there only when asked for
(OWASP, CSV injection).
"""

from typing import Any

import pyarrow as pa

_STARTS = r"^[=+\-@\t\r]"


def without_formulas(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same table with an apostrophe before such texts, and before such names of columns; numbers stay."""
    import pyarrow.compute as pc

    names = [f"'{name}" if name[:1] in "=+-@\t\r" and name else name for name in reader.schema.names]
    schema = pa.schema([field.with_name(name) for name, field in zip(names, reader.schema, strict=True)])

    def escaped(column: pa.Array) -> pa.Array:
        if not pa.types.is_string(column.type):
            return column
        return pc.replace_substring_regex(column, _STARTS, r"'\0")

    batches: Any = (
        pa.RecordBatch.from_arrays([escaped(one) for one in batch.columns], schema=schema) for batch in reader
    )
    return pa.RecordBatchReader.from_batches(schema, batches)

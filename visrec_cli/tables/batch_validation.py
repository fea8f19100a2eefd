"""Validation of the batches that come in, and the place of what is damaged."""

import pyarrow as pa

from visrec_cli.errors import InputError, UnpackedError
from visrec_cli.runtime.decompression_limits import Unpacking
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.plain_sizes import view_size
from visrec_cli.tables.types import plain_batch


def safely(batch: pa.RecordBatch, where: str, counted: Unpacking | None = None, *, before: int = 0) -> pa.RecordBatch:
    """The batch, after Arrow's full validation: unchecked offsets in a damaged file crash other libraries.

    counted: refuses what would be too large, before all of it is looked at. before: how many rows came earlier. Raises
    InputError that names the column, and the row where it can be told, and UnpackedError.
    """
    try:
        if counted is not None:
            batch.validate()
            counted.require(sum(view_size(column) for column in batch.columns))
        batch.validate(full=True)
    except UnpackedError:
        raise
    except LIBRARY_FAILURES as error:
        what = f"{where}: damaged data in {_damaged(batch, before)} ({in_short(error)})"
        raise InputError(what, fix="make the file again") from error
    return batch


def plainly(
    batch: pa.RecordBatch, schema: pa.Schema, where: str, counted: Unpacking, *, before: int = 0
) -> pa.RecordBatch:
    """The batch of a file in its plain layout, validated, as ``safely`` does."""
    whole = safely(batch, where, counted, before=before)
    return plain_batch(whole, schema, where, counted).replace_schema_metadata(None)


def _damaged(batch: pa.RecordBatch, before: int) -> str:
    """The first column that is not valid, and its first such row; none where what rows share is damaged."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if not _is_valid(column):
            good, bad = 0, len(column)  # so many rows from the first are valid, and are not
            if not _is_valid(column.slice(0, 0)):
                return f"column '{name}'"
            while bad - good > 1:
                middle = (good + bad) // 2
                good, bad = (middle, bad) if _is_valid(column.slice(0, middle)) else (good, middle)
            return f"column '{name}', row {before + bad:,}"
    return "its columns"


def _is_valid(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except LIBRARY_FAILURES:
        return False
    return True

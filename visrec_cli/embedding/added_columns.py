"""What embed-images and embed-text share: a place for the new column, and room on the device."""

from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa

from visrec_cli.errors import DeviceMemoryError, UsageError
from visrec_cli.runtime.report import Report

A = TypeVar("A")


def is_pipe(source: object) -> bool:
    """Whether the source is stdin. Then a stage loads its model first: in a pipe all start together, and nobody
    should wait for a neighbour's model before loading its own. With a file, wrong names should be told at once.
    """
    return str(source) == "-"


def with_columns(schema: pa.Schema, added: list[pa.Field]) -> pa.Schema:
    """The schema with these fields at its end, instead of any of the same names. Raises UsageError where that
    would cost the ids, or one of the new columns.
    """
    names = {field.name for field in added}
    if "item_id" in names or len(names) < len(added):
        taken = "item_id" if "item_id" in names else added[0].name
        raise UsageError(f"the column name '{taken}' is reserved", fix="give --into another name")
    return pa.schema([*(field for field in schema if field.name not in names), *added], metadata=schema.metadata)


def put_columns(batch: pa.RecordBatch, schema: pa.Schema, added: dict[str, pa.Array]) -> pa.RecordBatch:
    """The batch in the schema of ``with_columns``."""
    arrays = [added[name] if name in added else batch.column(name) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def while_memory_lasts(work: Callable[[int], A], size: int, report: Report) -> tuple[A, int]:
    """``work(size)`` and the size that worked: halved and tried again while the device is out of memory.

    Raises DeviceMemoryError when not even a batch of one fits.
    """
    while True:
        try:
            return work(size), size
        except DeviceMemoryError:
            if size == 1:
                raise
        size //= 2
        report.warn(f"the device is short of memory: continuing with batches of {size}")

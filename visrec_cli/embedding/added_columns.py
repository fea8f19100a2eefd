"""Added columns of embed-images and embed-text, and batches that fit into the device's memory."""

from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa

from visrec_cli.errors import DeviceMemoryError, UsageError
from visrec_cli.runtime.report import Report

A = TypeVar("A")


def is_pipe(source: object) -> bool:
    """Whether the source is stdin.

    A stage in a pipe loads its model before it reads: all stages of a pipe start together, and none should wait for the
    model of another one. With a file, the names of columns are checked first.

    Parameters
    ----------
    source : object
        The source.

    Returns
    -------
    bool
        Whether it is stdin.
    """
    return str(source) == "-"


def with_columns(schema: pa.Schema, added: list[pa.Field]) -> pa.Schema:
    """Append fields to a schema, replacing those of the same names.

    Parameters
    ----------
    schema : pa.Schema
        The schema.
    added : list[pa.Field]
        The new fields.

    Returns
    -------
    pa.Schema
        The new schema.

    Raises
    ------
    UsageError
        If a new field would replace the ids, or another new field.
    """
    names = {field.name for field in added}
    if "item_id" in names or len(names) < len(added):
        taken = "item_id" if "item_id" in names else added[0].name
        raise UsageError(f"the column name '{taken}' is reserved", fix="give --into another name")
    return pa.schema([*(field for field in schema if field.name not in names), *added], metadata=schema.metadata)


def put_columns(batch: pa.RecordBatch, schema: pa.Schema, added: dict[str, pa.Array]) -> pa.RecordBatch:
    """The batch with the added columns, in the schema of ``with_columns``."""
    arrays = [added[name] if name in added else batch.column(name) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def while_memory_lasts(work: Callable[[int], A], size: int, report: Report) -> tuple[A, int]:
    """Call ``work(size)``, with half the size whenever the device runs out of memory.

    Parameters
    ----------
    work : Callable[[int], A]
        Called with the batch size.
    size : int
        First batch size.
    report : Report
        Where a smaller size is recorded.

    Returns
    -------
    tuple[A, int]
        The result, and the size that worked.

    Raises
    ------
    DeviceMemoryError
        If not even a batch of one fits.
    """
    while True:
        try:
            return work(size), size
        except DeviceMemoryError:
            if size == 1:
                raise
        size //= 2
        report.warn(f"the device is short of memory: continuing with batches of {size}")

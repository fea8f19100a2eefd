"""Slicing of streams: the first rows, and batches of one size."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROWS = 512


def empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    """A batch without rows; Arrow's own ways fail on tensors whose axes are permuted."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def head(reader: pa.RecordBatchReader, rows: int) -> tuple[pa.Table, bool]:
    """Up to ``rows`` first rows, without waiting for the rest, and whether there are more."""
    batches, have = [], 0
    for batch in reader:
        batches.append(batch)
        have += batch.num_rows
        if have > rows:
            break
    table = pa.Table.from_batches(batches, schema=reader.schema)
    return table.slice(0, rows), have > rows


def even(batches: Iterable[pa.RecordBatch], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of ``rows``: equal tables then have equal bytes, however they were cut on the way."""
    waiting: list[pa.RecordBatch] = []
    have = 0
    for batch in batches:
        if batch.num_rows:
            waiting.append(batch)
            have += batch.num_rows
        while have >= rows:
            whole = waiting[0] if len(waiting) == 1 else pa.concat_batches(waiting)
            yield _settled(whole.slice(0, rows))
            rest = whole.slice(rows)
            waiting, have = ([rest] if rest.num_rows else []), rest.num_rows
    if have:
        yield _settled(pa.concat_batches(waiting))


def _settled(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A copy: the buffers of a slice are padded with what lay beside it."""
    return pa.concat_batches([batch, batch.slice(0, 0)])

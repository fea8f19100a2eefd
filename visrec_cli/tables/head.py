"""The first rows of a stream, without waiting for the rest."""

import pyarrow as pa


def head(reader: pa.RecordBatchReader, rows: int) -> tuple[pa.Table, bool]:
    """Up to ``rows`` first rows, and whether there are more."""
    batches, have = [], 0
    for batch in reader:
        batches.append(batch)
        have += batch.num_rows
        if have > rows:
            break
    table = pa.Table.from_batches(batches, schema=reader.schema)
    return table.slice(0, rows), have > rows

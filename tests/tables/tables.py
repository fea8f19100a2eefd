"""Small tables for the suite."""

import hashlib
import io
import json

import numpy as np
import pyarrow as pa

from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of
from visrec_cli.tables.writers import open_writer

SPACE = Space("lite0", 4, True, weights="abc", preprocessing={"size": 224})


def embedded(rows: int = 5, *, nulls: tuple[int, ...] = (), seed: int = 0, space: Space = SPACE) -> pa.Table:
    """``item_id`` "0", "1", …, ``title`` and an ``image_embedding`` column with nulls where asked."""
    vectors = np.random.default_rng(seed).normal(size=(rows, space.dimension)).astype(np.float32)
    if space.normalised:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    valid = np.ones(rows, bool)
    valid[list(nulls)] = False
    schema = pa.schema([("item_id", pa.string()), ("title", pa.string()), space.field("image_embedding")])
    ids = [str(i) for i in range(rows)]
    return pa.table([pa.array(ids), pa.array([f"item {i}" for i in ids]), column_of(vectors, valid)], schema=schema)


def stream_bytes(table: pa.Table, format: str = "stream") -> bytes:
    """The table as visrec writes it."""
    raw = io.BytesIO()
    writer = open_writer(raw, table.schema, format)
    for batch in table.to_batches():
        writer.write_batch(batch)
    writer.close()
    return raw.getvalue()


def first_release_bytes(table: pa.Table, *, file: bool) -> bytes:
    """The table as the first release wrote it: one checksum, of all before the trailer."""
    raw, hashed = io.BytesIO(), table.schema.with_metadata({b"visrec.stream": b"1", b"visrec.version": b"0.1.0"})
    writer = (pa.ipc.new_file if file else pa.ipc.new_stream)(raw, hashed)
    writer.write_table(table.replace_schema_metadata(hashed.metadata))
    end = {"bytes": raw.tell(), "rows": len(table), "sha256": hashlib.sha256(raw.getvalue()).hexdigest()}
    custom = {b"visrec.end": json.dumps(end, sort_keys=True).encode()}
    writer.write_batch(pa.RecordBatch.from_pylist([], schema=hashed), custom_metadata=custom)
    writer.close()
    return raw.getvalue()

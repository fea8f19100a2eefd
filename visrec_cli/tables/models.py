"""What tells the table of a model from other tables (docs/contract.md), without reading it."""

import pyarrow as pa

HOLDING = ".arrow, .arrows, .parquet or .ndjson"  # what gives a model back as it was, for people


def is_model(schema: pa.Schema) -> bool:
    """Whether a table is a model."""
    return {"entity", "id", "history"} <= set(schema.names)

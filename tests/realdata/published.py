"""Logs as published numbers were made from them."""

from pathlib import Path

import polars as pl
import pyarrow as pa


def training_rows(log: Path) -> pa.Table:
    """The training rows alone: who recommends knows nothing of the validation rows, not even to leave them out."""
    return pl.read_csv(log).filter(pl.col("split") == "train").drop("split").to_arrow()

"""Tables of vectors as other libraries write them, by the libraries themselves or by Arrow in their layout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

IDS = ["a", "b", "c", "d"]
VECTORS = [[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [1.0, 0.25, 0.5], None]
"""Nearest to a is c; d has none."""
WHOLE = [[100, 0, 50], [0, 100, 50], [100, 25, 50], None]
Maker = Callable[[Path], Path]


def arrow(column: pa.Array, name: str) -> Maker:
    """Parquet by pyarrow."""

    def make(folder: Path) -> Path:
        pq.write_table(pa.table({"item_id": IDS, name: column}), folder / "t.parquet")
        return folder / "t.parquet"

    return make


def tensor(values: Any, number: pa.DataType) -> pa.Array:
    """What Ray and Hugging Face make of arrays of one shape."""
    storage = pa.array(values, pa.list_(number, 3))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(number, [3]), storage)


def by_polars(kind: Any, ending: str) -> Maker:
    """A frame of polars: Arrow with views and large lists, or Parquet."""

    def make(folder: Path) -> Path:
        path = folder / f"t.{ending}"
        frame = pl.DataFrame({"item_id": IDS, "vector": pl.Series(VECTORS, dtype=kind)})
        frame.write_ipc(path) if ending == "arrow" else frame.write_parquet(path)
        return path

    return make


def by_pandas(folder: Path) -> Path:
    """A column of arrays of numpy."""
    arrays = [None if one is None else np.asarray(one, np.float32) for one in VECTORS]
    pd.DataFrame({"item_id": IDS, "embedding": arrays}).to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def by_pandas_as_json(folder: Path) -> Path:
    """Lines of JSON, in which some numbers are whole."""
    frame = pd.DataFrame({"id": IDS, "embedding": VECTORS})
    frame.to_json(folder / "t.jsonl", orient="records", lines=True)
    return folder / "t.jsonl"


def by_duckdb(kind: str, *, gaps: bool = True) -> Maker:
    """COPY of lists or arrays."""

    def make(folder: Path) -> Path:
        given = list(zip(IDS, VECTORS, strict=True))[: None if gaps else 3]
        rows = ", ".join(f"('{one}', {json.dumps(vector) if vector else 'NULL'}::{kind})" for one, vector in given)
        path = folder / "t.parquet"
        duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) AS t(item_id, embeddings)) TO '{path}' (FORMAT parquet)")
        return path

    return make


def by_numpy(kind: type) -> Maker:
    """A matrix of the three that have a vector."""

    def make(folder: Path) -> Path:
        np.save(folder / "t.npy", np.asarray((WHOLE if kind is np.int8 else VECTORS)[:3], kind))
        (folder / "t.ids.txt").write_text("a\nb\nc\n")
        return folder / "t.npy"

    return make


LARGE = pa.large_list(pa.float64())
WORKS: dict[str, Maker] = {
    "pyarrow: list of doubles": arrow(pa.array(VECTORS, pa.list_(pa.float64())), "embedding"),
    "pyarrow: list of halves": arrow(pa.array(VECTORS, pa.list_(pa.float16())), "vector"),
    "pyarrow: large list": arrow(pa.array(VECTORS, LARGE), "vectors"),
    "pyarrow: fixed list of halves": arrow(pa.array(VECTORS, pa.list_(pa.float16(), 3)), "anything"),
    "pyarrow: fixed list of doubles": arrow(pa.array(VECTORS, pa.list_(pa.float64(), 3)), "anything"),
    "pyarrow: tensor of floats": arrow(tensor(VECTORS, pa.float32()), "anything"),
    "pyarrow: tensor of bytes": arrow(tensor(WHOLE, pa.int8()), "embedding"),
    "pyarrow: list of bytes": arrow(pa.array(WHOLE, pa.list_(pa.int8())), "text_embedding"),
    "pyarrow: fixed list of bytes": arrow(pa.array(WHOLE, pa.list_(pa.int8(), 3)), "embedding"),
    "polars: List, Arrow": by_polars(pl.List(pl.Float64), "arrow"),
    "polars: Array, Arrow": by_polars(pl.Array(pl.Float32, 3), "arrow"),
    "polars: List, Parquet": by_polars(pl.List(pl.Float32), "parquet"),
    "pandas: arrays, Parquet": by_pandas,
    "pandas: lists, JSON lines": by_pandas_as_json,
    "duckdb: FLOAT[]": by_duckdb("FLOAT[]"),
    "duckdb: FLOAT[3]": by_duckdb("FLOAT[3]", gaps=False),
    "numpy: float32": by_numpy(np.float32),
    "numpy: float16": by_numpy(np.float16),
    "numpy: int8": by_numpy(np.int8),
}
REFUSED: dict[str, tuple[Maker, str]] = {
    "duckdb: FLOAT[3] with NULL": (by_duckdb("FLOAT[3]"), "cast the arrays to lists (vector::FLOAT[])"),
    "a ragged list": (
        arrow(pa.array([[1.0], [1.0, 2.0], [1.0], None]), "vector"),
        "column 'vector' holds lists of different lengths (1 to 2): 2 in row 2",
    ),
    "a gap within a vector": (
        arrow(pa.array([[1.0, 0.0], [1.0, None], [0.0, 1.0], None]), "vector"),
        "column 'vector' has NaN or infinity in 1 of 4 vectors, first in item 'b'",
    ),
    "vectors as text": (
        arrow(pa.array(["[1, 0]", "[0, 1]", "[1, 1]", None]), "embedding"),
        "the table has no embedding column: 'embedding' is string, and needed is a list of numbers, all of one length",
    ),
    "lists of another name": (
        arrow(pa.array([[1.0], [1.0], [1.0], None]), "sizes"),
        "the table has no embedding column: 'sizes' is list<double>, and needed is a list of numbers, all of one "
        "length, called embedding, vector or …_embedding",
    ),
    "no vector at all": (
        arrow(pa.array([None] * 4, pa.list_(pa.float32())), "embedding"),
        "the table has no embedding column: 'embedding' is a list without a single vector in it",
    ),
}

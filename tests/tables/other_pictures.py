"""Tables with pictures as other libraries keep them, made by them or by Arrow in their layout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import COLOURS, draw, saved

IDS = ["red", "blue", "none", "broken"]
"""The third has no picture, and that of the fourth is broken."""
PIXELS = [draw("square", COLOURS[name]) for name in IDS[:2]]
FILES: list[bytes | None] = [*map(saved, PIXELS), None, saved(PIXELS[0])[:200]]
PATHS: list[str | None] = ["red.png", "blue.png", None, "broken.png"]
Maker = Callable[[Path], Path]


def with_files(folder: Path) -> None:
    """The same pictures as files."""
    for path, content in zip(PATHS, FILES, strict=True):
        if path is not None and content is not None:
            (folder / path).write_bytes(content)


def arrow(column: Any, name: str, metadata: dict[str, Any] | None = None) -> Maker:
    """Parquet by pyarrow."""

    def make(folder: Path) -> Path:
        with_files(folder)
        table = pa.table({"item_id": IDS[: len(column)], "title": IDS[: len(column)], name: column})
        if metadata is not None:
            table = table.replace_schema_metadata({b"huggingface": json.dumps(metadata).encode()})
        pq.write_table(table, folder / "t.parquet")
        return folder / "t.parquet"

    return make


def by_pandas(folder: Path) -> Path:
    """Bytes of files."""
    pd.DataFrame({"item_id": IDS, "title": IDS, "img": FILES}).to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def by_polars(folder: Path) -> Path:
    """A struct with views within."""
    structs = [None if one is None else {"bytes": one, "path": None} for one in FILES]
    kind = pl.Struct({"bytes": pl.Binary, "path": pl.String})
    pl.DataFrame({"item_id": IDS, "title": IDS, "image": pl.Series(structs, dtype=kind)}).write_ipc(folder / "t.arrow")
    return folder / "t.arrow"


def tensor(pixels: np.ndarray, *, permutation: list[int] | None = None) -> pa.Array:
    """Pictures of one shape."""
    kind = pa.fixed_shape_tensor(pa.uint8(), pixels.shape[1:], permutation=permutation)
    flat = pa.FixedSizeListArray.from_arrays(pa.array(pixels.reshape(-1)), pixels[0].size)
    return pa.ExtensionArray.from_storage(kind, flat)


ARRAYS = np.stack([np.asarray(one) for one in PIXELS])
FIRST = np.ascontiguousarray(np.moveaxis(ARRAYS, -1, 1))  # channels first, as of torch
HUGGING_FACE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
AS_IMAGE = {"info": {"features": {"image": {"_type": "Image"}}}}


def files(content: list[bytes | None], paths: list[str | None]) -> pa.Array:
    """A column of Hugging Face's Image."""
    rows = [{"bytes": one, "path": path} for one, path in zip(content, paths, strict=True)]
    return pa.array(rows, HUGGING_FACE)


PICTURES: dict[str, Maker] = {
    "Hugging Face: bytes": arrow(files(FILES, PATHS), "image", AS_IMAGE),
    "Hugging Face: bytes, of another name": arrow(files(FILES, [None] * 4), "scan", AS_IMAGE),
    "Hugging Face: paths": arrow(files([None] * 4, PATHS), "image", AS_IMAGE),
    "pandas: bytes": by_pandas,
    "polars: struct": by_polars,
    "pyarrow: large bytes": arrow(pa.array(FILES, pa.large_binary()), "image"),
    "pyarrow: tensor": arrow(tensor(ARRAYS), "image"),
    "pyarrow: tensor of another name": arrow(tensor(ARRAYS), "pixels"),
    "pyarrow: tensor, channels first": arrow(tensor(FIRST), "image"),
    "pyarrow: tensor, permuted": arrow(tensor(FIRST, permutation=[1, 2, 0]), "image"),
}

_BOTH = [[0, 1], [1], [], [0, 3, 1]]  # of the four files, for each of four items


def lists(of: list[Any], kind: pa.DataType) -> pa.Array:
    """Several pictures of an item."""
    return pa.array([[of[at] for at in places] for places in _BOTH], pa.list_(kind))


SEVERAL: dict[str, Maker] = {
    "a list of paths": arrow(lists(PATHS, pa.string()), "photos"),
    "a list of bytes": arrow(lists(FILES, pa.binary()), "images"),
    "Hugging Face: a sequence of bytes": arrow(
        lists([{"bytes": one, "path": None} for one in FILES], HUGGING_FACE), "image"
    ),
    "Hugging Face: a sequence of paths": arrow(
        lists([{"bytes": None, "path": path} for path in PATHS], HUGGING_FACE), "images"
    ),
}


def npy(pixels: np.ndarray) -> Maker:
    """Pictures of one shape, with their ids beside them."""

    def make(folder: Path) -> Path:
        np.save(folder / "t.npy", pixels)
        (folder / "t.ids.txt").write_text("red\nblue\n")
        return folder / "t.npy"

    return make


PICTURES |= {"numpy: N x H x W x 3": npy(ARRAYS), "numpy: N x 3 x H x W": npy(FIRST)}
REFUSED: dict[str, tuple[Any, str]] = {
    "pixels as floats": (ARRAYS.astype(np.float32), "shape (2, 96, 96, 3) of float32, expected (items, numbers) of "),
    "objects": (
        np.array([{}, None]),
        "t.npy: not a whole NPY matrix (Array can't be memory-mapped",
    ),
    "five axes": (ARRAYS[None], "shape (1, 2, 96, 96, 3) of uint8, expected (items, numbers) of floats, or pictures"),
}

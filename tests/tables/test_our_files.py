"""Our files in other libraries: the vectors that each finds, and what comes back of a table that it writes again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from tests.conftest import COLOURS, Run, draw

COLUMN = "image_embedding"
FORMATS = ("arrow", "arrows", "parquet", "ndjson", "npy")
Vectors = dict[str, Any]


def of_arrow(table: pa.Table) -> Vectors:
    """Ids and vectors of a table."""
    return dict(zip(table["item_id"].to_pylist(), table[COLUMN].to_pylist(), strict=True))


def of_pandas(frame: pd.DataFrame) -> Vectors:
    """The same of a frame of pandas."""
    return dict(zip(frame["item_id"], frame[COLUMN], strict=True))


def of_polars(frame: pl.DataFrame) -> Vectors:
    """The same of a frame of polars, by the storage of its extension type."""
    column = frame[COLUMN]
    plain = column.ext.storage() if hasattr(column, "ext") and column.dtype.is_nested() is False else column
    return dict(zip(frame["item_id"], plain.to_list(), strict=True))


def of_duckdb(path: Path) -> Vectors:
    """The same by SQL."""
    return dict(duckdb.sql(f"SELECT item_id, {COLUMN} FROM '{path}'").fetchall())


def of_numpy(path: Path) -> Vectors:
    """The same of a matrix and its ids."""
    return dict(zip(path.with_suffix(".ids.txt").read_text().split(), np.load(path, allow_pickle=False), strict=True))


READERS: dict[str, tuple[str, Callable[[Path], Vectors]]] = {
    "pyarrow, Arrow": ("arrow", lambda path: of_arrow(pa.feather.read_table(path))),
    "pyarrow, stream": ("arrows", lambda path: of_arrow(pa.ipc.open_stream(path.read_bytes()).read_all())),
    "pyarrow, Parquet": ("parquet", lambda path: of_arrow(pq.read_table(path))),
    "polars, Arrow": ("arrow", lambda path: of_polars(pl.read_ipc(path))),
    "polars, Parquet": ("parquet", lambda path: of_polars(pl.read_parquet(path))),
    "polars, NDJSON": ("ndjson", lambda path: of_polars(pl.read_ndjson(path))),
    "pandas, Arrow": ("arrow", lambda path: of_pandas(pd.read_feather(path))),
    "pandas, Parquet": ("parquet", lambda path: of_pandas(pd.read_parquet(path))),
    "pandas, NDJSON": ("ndjson", lambda path: of_pandas(pd.read_json(path, lines=True, dtype={"item_id": str}))),
    "duckdb, Parquet": ("parquet", of_duckdb),
    "duckdb, NDJSON": ("ndjson", of_duckdb),
    "numpy, NPY": ("npy", of_numpy),
}
AGAIN: dict[str, Callable[[Path, Path], object]] = {
    "pyarrow": lambda path, out: pq.write_table(pq.read_table(path), out),
    "polars": lambda path, out: pl.read_parquet(path).write_parquet(out),
    "pandas": lambda path, out: pd.read_parquet(path).to_parquet(out),
    "duckdb": lambda path, out: duckdb.sql(f"COPY (FROM '{path}') TO '{out}' (FORMAT parquet)"),
}
KEEPS_SPACE = {"pyarrow": True, "polars": True, "pandas": False, "duckdb": False}


def answers(csv: bytes) -> list[str]:
    """The ids of recommended items."""
    return [line.split(",")[4] for line in csv.decode().splitlines()[1:]]


@pytest.fixture
def files(tmp_path: Path, visrec: Run) -> Path:
    """A table of pictures with vectors in each format, and its nearest items to ``red`` as CSV."""
    (tmp_path / "imgs").mkdir()
    for name, colour in COLOURS.items():
        draw("disc", colour).save(tmp_path / "imgs" / f"{name}.png")
    stored = visrec("preprocess", "imgs", "--store", "png").stdout
    assert visrec("embed-images", "-e", "colour", "-o", "t.arrow", stdin=stored).returncode == 0
    for ending in FORMATS[1:]:
        done = visrec("show", "t.arrow", "-o", f"t.{ending}")
        assert done.returncode == 0, done.stderr.decode()
    return tmp_path


def test_every_reader_finds_the_same_vectors(files: Path) -> None:
    expected = of_arrow(pa.feather.read_table(files / "t.arrow"))
    found = {name: read(files / f"t.{ending}") for name, (ending, read) in READERS.items()}
    assert {name: set(vectors) for name, vectors in found.items()} == {name: set(expected) for name in READERS}
    for name, vectors in found.items():
        assert all(np.allclose(vectors[one], expected[one], atol=1e-7) for one in expected), name


def test_faiss_finds_the_same_neighbours(files: Path, visrec: Run) -> None:
    faiss = pytest.importorskip("faiss")
    matrix, ids = np.load(files / "t.npy"), (files / "t.ids.txt").read_text().split()
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    _, rows = index.search(matrix[ids.index("red")][None], 3)
    theirs = [ids[row] for row in rows[0] if ids[row] != "red"]
    done = visrec("recommend", "t.arrow", "--item", "red", "-k", 2, "--format", "csv")
    assert answers(done.stdout) == theirs


@pytest.mark.parametrize("library", AGAIN)
def test_what_they_write_again_is_searched(files: Path, visrec: Run, library: str) -> None:
    """All keep vectors and pictures; the space, by which a photo could be asked, is lost where metadata is."""
    AGAIN[library](files / "t.parquet", files / "again.parquet")
    first = visrec("recommend", "t.parquet", "--item", "red", "-k", 3, "--format", "csv")
    again = visrec("recommend", "again.parquet", "--item", "red", "-k", 3, "--format", "csv")
    assert again.returncode == 0, again.stderr.decode()
    assert answers(first.stdout) == answers(again.stdout)
    photo = visrec("recommend", "again.parquet", "--image", "imgs/red.png", "-k", 1, "--format", "csv")
    assert (photo.returncode == 0) == KEEPS_SPACE[library], photo.stderr.decode()
    embedded = visrec("embed-images", "again.parquet", "-e", "colour", "-o", "e.arrow")
    assert embedded.returncode == 0, embedded.stderr.decode()


def test_halves_are_read_from_parquet_and_refused_by_duckdb_from_arrow(files: Path, visrec: Run) -> None:
    assert visrec("embed-images", "imgs", "-e", "colour", "--half", "-o", "half.parquet").returncode == 0
    halves = pq.read_table(files / "half.parquet")
    for vectors in (of_duckdb(files / "half.parquet"), of_polars(pl.read_parquet(files / "half.parquet"))):
        assert all(np.allclose(vectors[one], vector) for one, vector in of_arrow(halves).items())
    with pytest.raises(duckdb.NotImplementedException, match="Unsupported Internal Arrow Type e"):
        duckdb.from_arrow(halves).fetchall()

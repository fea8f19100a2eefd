"""Vectors as duckdb, pandas and JSON give them back."""

import uuid
from pathlib import Path

import pyarrow as pa
import pytest

from tests.tables.tables import embedded
from visrec_cli.errors import InputError
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items import recommend
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.vectors import embedding_columns, matrix_of


def loose(table: pa.Table, number: pa.DataType) -> pa.Table:
    at = table.column_names.index("image_embedding")
    lists = pa.chunked_array([pa.array(table["image_embedding"].to_pylist(), pa.list_(number))])
    return table.set_column(at, "image_embedding", lists)


@pytest.mark.parametrize("number", [pa.float32(), pa.float64()])
def test_lists_called_embedding_are_vectors_again(number: pa.DataType) -> None:
    whole = embedded(6, nulls=(0, 3))
    got = open_table(loose(whole, number)).read_all()
    assert embedding_columns(got.schema) == ["image_embedding"]
    assert got["image_embedding"].to_pylist() == whole["image_embedding"].to_pylist()


def test_ndjson_of_ours_goes_on_to_the_next_stage(tmp_path: Path) -> None:
    write_table(embedded(6), tmp_path / "t.ndjson")
    answers = recommend(fuse(tmp_path / "t.ndjson").read_all(), items=["0"], k=3).read_all()
    assert answers.num_rows == 3
    vectors, _ = matrix_of(open_table(tmp_path / "t.ndjson").read_all()["image_embedding"])
    assert vectors.tolist() == matrix_of(embedded(6)["image_embedding"])[0].tolist()


def test_other_lists_stay_lists() -> None:
    sizes = pa.table({"item_id": ["a", "b"], "sizes": [[1.0], [1.0, 2.0]]})
    assert open_table(sizes).read_all().equals(sizes)


def test_vectors_of_different_lengths_are_refused() -> None:
    ragged = pa.table({"item_id": ["a", "b"], "embedding": [[1.0], [1.0, 2.0]]})
    with pytest.raises(InputError, match=r"'embedding' holds lists of different lengths \(1 to 2\)"):
        open_table(ragged).read_all()


def test_uuids_are_ids() -> None:
    names = [uuid.UUID(int=1), uuid.UUID(int=2)]
    ids = pa.array([name.bytes for name in names], pa.uuid())
    table = with_item_ids(open_table(pa.table({"item_id": ids}))).read_all()
    assert table["item_id"].to_pylist() == [str(name) for name in names]

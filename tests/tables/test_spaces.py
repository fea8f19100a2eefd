import io

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tables.tables import SPACE, embedded
from visrec_cli.errors import InputError, SpaceMismatchError
from visrec_cli.tables.compatibility import require_same_space
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.spaces import Source, Space, pack_array, space_of

FUSED = Space(
    "concat",
    4,
    True,
    kind="fused",
    sources=(Source("image_embedding", SPACE, 4), Source("x", None, 2)),
    transform={"fills": {"a": pack_array(np.array([1.5, 2.5]))}},
)


@pytest.mark.parametrize("space", [SPACE, FUSED])
def test_a_space_survives_its_field(space: Space) -> None:
    assert space_of(space.field("embedding")) == space
    assert space_of(space.field("embedding")).fingerprint == space.fingerprint


def test_a_space_survives_polars_where_plain_field_metadata_is_lost() -> None:
    frame = pl.DataFrame(pl.from_arrow(embedded())).filter(pl.col("item_id") != "1").sort("title", descending=True)
    assert space_of(frame.to_arrow().schema.field("image_embedding")) == SPACE


def test_a_space_survives_parquet() -> None:
    raw = io.BytesIO()
    pq.write_table(embedded(), raw)
    assert space_of(pq.read_table(raw).schema.field("image_embedding")) == SPACE


def test_duckdb_sees_plain_vectors() -> None:
    items = embedded(3)  # noqa: F841  duckdb finds it by name
    row = duckdb.sql(
        "select typeof(image_embedding), array_cosine_similarity(image_embedding, image_embedding) from items"
    ).fetchall()[0]
    assert row[0] == "FLOAT[4]"
    assert row[1] == pytest.approx(1)


def test_pandas_sees_plain_vectors() -> None:
    assert embedded(3).to_pandas()["image_embedding"][0].shape == (4,)


def test_a_plain_column_has_no_space() -> None:
    assert space_of(pa.field("e", pa.list_(pa.float32(), 3))) is None


def test_a_damaged_space_is_an_input_error() -> None:
    field = SPACE.field("e").with_metadata(
        {"ARROW:extension:name": "visrec.embedding", "ARROW:extension:metadata": "{"}
    )
    with pytest.raises(InputError, match="the space of column 'e' cannot be read"):
        space_of(field)


def test_different_spaces_are_refused_and_both_are_named() -> None:
    other = Space("lite0", 4, True, weights="other", preprocessing={"size": 224})
    with pytest.raises(SpaceMismatchError, match=r"a\.arrow .*lite0.*b\.arrow .*lite0.*differ in weights"):
        require_same_space(SPACE, other, "a.arrow", "b.arrow")


def test_equal_and_unknown_spaces_pass() -> None:
    require_same_space(SPACE, Space("lite0", 4, True, weights="abc", preprocessing={"size": 224}), "a", "b")
    require_same_space(SPACE, None, "a", "b")


def test_packed_arrays_come_back_bit_by_bit() -> None:
    array = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    np.testing.assert_array_equal(Origin("a test", fix="").array(pack_array(array), "array"), array)

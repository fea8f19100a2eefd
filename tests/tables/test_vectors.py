import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.errors import InputError
from visrec_cli.tables.vectors import column_of, embedding_columns, matrix_of


@given(st.lists(st.booleans(), max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_a_sliced_column_with_nulls_keeps_every_vector_in_its_row(valid: list[bool], start: int, length: int) -> None:
    there = np.array(valid, bool)
    vectors = np.arange(len(valid) * 3, dtype=np.float32).reshape(-1, 3)
    column = column_of(vectors, there).slice(min(start, len(valid)), length)
    got, mask = matrix_of(column)
    rows = slice(min(start, len(valid)), min(start, len(valid)) + length)
    assert mask.tolist() == there[rows].tolist()
    np.testing.assert_array_equal(got, np.where(there[rows, None], vectors[rows], 0))


def test_chunks_are_joined_in_order() -> None:
    a, b = np.ones((2, 3), np.float32), np.full((1, 3), 2, np.float32)
    got, mask = matrix_of(pa.chunked_array([column_of(a), column_of(b), column_of(a[:0])]))
    assert got[:, 0].tolist() == [1, 1, 2]
    assert mask.all()


def test_half_precision_comes_back_as_float32() -> None:
    column = column_of(np.array([[0.5, 0.25]]), half=True)
    assert column.type == pa.list_(pa.float16(), 2)
    got, _ = matrix_of(column)
    assert got.dtype == np.float32
    assert got.tolist() == [[0.5, 0.25]]


def test_lists_of_doubles_from_other_tools_are_vectors_when_their_lengths_agree() -> None:
    got, mask = matrix_of(pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float64())))
    assert got.tolist() == [[1, 2], [0, 0], [3, 4]]
    assert mask.tolist() == [True, False, True]


def test_ragged_lists_are_refused() -> None:
    with pytest.raises(InputError, match="different lengths"):
        matrix_of(pa.array([[1.0], [1.0, 2.0]]), name="v")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused_and_the_item_is_named(bad: float) -> None:
    vectors = np.zeros((3, 2), np.float32)
    vectors[1, 1] = bad
    with pytest.raises(InputError, match="1 of 3 vectors, first in item 'b'"):
        matrix_of(column_of(vectors), ids=["a", "b", "c"])


def test_a_nan_under_a_null_is_no_vector() -> None:
    vectors = np.array([[np.nan, 1.0]], np.float32)
    got, mask = matrix_of(column_of(vectors, np.array([False])))
    assert got.tolist() == [[0, 0]]
    assert not mask.any()


def test_text_is_no_vector() -> None:
    with pytest.raises(InputError, match="string, not a list of numbers"):
        matrix_of(pa.array(["a"]), name="title")


def test_embedding_columns_are_fixed_size_lists_of_floats() -> None:
    schema = pa.schema(
        [
            ("item_id", pa.string()),
            ("e", pa.list_(pa.float32(), 3)),
            ("n", pa.list_(pa.int32(), 3)),
            ("l", pa.list_(pa.float32())),
        ]
    )
    assert embedding_columns(schema) == ["e"]


@pytest.mark.parametrize("kind", [pa.list_(pa.float32(), 0), pa.list_(pa.float32())])
def test_vectors_without_a_number_are_refused(kind: pa.DataType) -> None:
    """Arrow divides by their width, and ended the process."""
    with pytest.raises(InputError, match="without a number"):
        matrix_of(pa.array([[], []], kind), name="x")
    vectors, valid = matrix_of(pa.array([None, None], kind), name="x")
    assert (vectors.shape, valid.tolist()) == ((2, 0), [False, False])
    assert column_of(vectors, valid).to_pylist() == [None, None]
    assert column_of(vectors).to_pylist() == [[], []]

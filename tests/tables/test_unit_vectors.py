"""Vectors that stay in their column, beside the same ones as a matrix."""

import numpy as np
import pyarrow as pa
import pytest

from tests.contracts.index_suite import brute_force, unit
from visrec_cli.errors import InputError
from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.indexes.exact_scores import NOTHING
from visrec_cli.tables.unit_vectors import UnitVectors
from visrec_cli.tables.vectors import column_of, matrix_of

WIDTH = 12


def some(seed: int = 0, rows: int = 90) -> np.ndarray:
    """Vectors of any length, each three times."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(rows // 3, WIDTH))[rng.permutation(np.arange(rows) % (rows // 3))]
    return (vectors * rng.uniform(0.2, 40, rows)[:, None]).astype(np.float32)


def ids_of(rows: int) -> pa.ChunkedArray:
    return pa.chunked_array([[f"i{row * 7 % rows:03}" for row in range(rows)]])


def held(column: pa.Array | pa.ChunkedArray, **more: bool) -> UnitVectors:
    whole = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    return UnitVectors(whole, name="v", ids=ids_of(len(whole)), **more)


def kinds() -> dict[str, pa.Array | pa.ChunkedArray]:
    plain = column_of(some())
    lists = some().tolist()
    gaps = [None if row % 4 == 1 else one for row, one in enumerate(lists)]
    mask = np.arange(90) % 4 != 1
    return {
        "plain": plain,
        "a slice": plain.slice(13, 50),
        "chunks": pa.chunked_array([plain.slice(0, 1), plain.slice(1, 40), plain.slice(41, 0), plain.slice(41)]),
        "gaps": column_of(some(), mask),
        "a slice with gaps": column_of(some(), mask).slice(3, 60),
        "gaps of nulls": pa.array(gaps, pa.list_(pa.float32(), WIDTH)),
        "16 bits": column_of(some(), half=True),
        "64 bits": pa.array(lists, pa.list_(pa.float64(), WIDTH)),
        "whole numbers": pa.array(np.round(some() / 2).astype(int).tolist(), pa.list_(pa.int8(), WIDTH)),
        "lists": pa.chunked_array(
            [pa.array(gaps[:30], pa.list_(pa.float32())), pa.array(gaps[30:], pa.list_(pa.float32()))]
        ),
        "large lists": pa.array(gaps, pa.large_list(pa.float32())),
        "zeros": column_of(np.where((np.arange(90) % 5 == 0)[:, None], np.float32(0), some())),
        "tiny": column_of(some() * np.float32(1e-30)),
        "huge": column_of(some() * np.float32(1e30)),
        "all sizes": column_of((some() * 10.0 ** (np.arange(90)[:, None] % 50 - 25)).astype(np.float32)),
    }


@pytest.mark.parametrize("kind", kinds())
def test_rows_and_lengths_are_those_of_the_matrix(kind: str) -> None:
    column = kinds()[kind]
    matrix, valid = matrix_of(column)
    lengths = np.sqrt((matrix.astype(float) ** 2).sum(axis=1))
    vectors = held(column)
    np.testing.assert_array_equal(vectors.valid, valid)
    expected = matrix / np.where(lengths == 0, 1, lengths)[:, None].astype(np.float32)
    rows = np.random.default_rng(1).integers(0, len(matrix), 200)
    np.testing.assert_array_equal(vectors[rows], expected[rows])
    np.testing.assert_array_equal(vectors[5:20], expected[5:20])
    np.testing.assert_allclose(vectors.lengths, lengths, rtol=1e-6)


@pytest.mark.parametrize("known", ["nothing", "lengths", "a copy"])
@pytest.mark.parametrize("kind", kinds())
def test_exact_search_finds_what_brute_force_finds_and_equal_scores_go_by_id(kind: str, known: str) -> None:
    column = kinds()[kind]
    vectors = held(column)
    only = np.arange(len(vectors)) % 3 > 0
    if known == "lengths":
        vectors.look_through()
    if known == "a copy":
        vectors.hold()
        np.testing.assert_array_equal(vectors[3:30], held(column)[3:30])
    for among, may in ((vectors, np.ones(len(vectors), bool)), (vectors.among(only), only)):
        index = ExactIndex(block_rows=11, block_queries=2)
        index.build(among)
        order = np.argsort(ids_of(len(vectors)).to_pylist())
        order = order[((held(column).lengths != 0) & may)[order]]
        queries = unit(np.random.default_rng(2).normal(size=(5, WIDTH)))
        for k in (1, 7, 90):
            scores, rows = index.search(queries, k)
            expected_scores, expected_rows = brute_force(queries, vectors[order], k)
            many = expected_rows.shape[1]
            np.testing.assert_array_equal(rows[:, :many], order[expected_rows])
            np.testing.assert_array_equal(scores[:, :many], expected_scores)
            assert (rows[:, many:] == NOTHING).all()


def test_a_search_is_the_pass_that_tells_the_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = held(column_of(some()))
    index = ExactIndex()
    index.build(vectors)
    index.search(unit(some()[:1]), 3)
    monkeypatch.setattr(UnitVectors, "block", None)
    np.testing.assert_allclose(vectors.lengths, np.linalg.norm(some(), axis=1), rtol=1e-6)


def test_vectors_of_a_file_are_not_copied(tmp_path: object) -> None:
    path, rows, width = f"{tmp_path}/big.arrow", 4096, 512
    rng = np.random.default_rng(0)
    schema = pa.schema([("v", pa.list_(pa.float32(), width))])
    with pa.OSFile(path, "wb") as raw, pa.ipc.new_file(raw, schema) as writer:
        for _ in range(4):
            part = unit(rng.normal(size=(rows // 4, width)))
            writer.write_batch(pa.record_batch([column_of(part)], schema=schema))
    table = pa.ipc.open_file(pa.memory_map(path)).read_all()
    vectors = held(table["v"])
    start = 0
    while start < rows:
        block = vectors.block(start, rows)
        assert not block.vectors.flags.owndata
        assert block.vectors.nbytes <= 1 << 20
        start += len(block.vectors)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("whole", [True, False])
def test_numbers_that_are_none_are_refused_by_item(bad: float, whole: bool) -> None:
    matrix = some()
    matrix[[20, 50], 3 if not whole else slice(None)] = bad
    vectors = held(column_of(matrix))
    index = ExactIndex()
    index.build(vectors)
    with pytest.raises(InputError, match="NaN or infinity in 2 of 90 vectors, first in item 'i050'"):
        index.search(unit(some()[:1]), 3)


def test_a_missing_number_is_refused_and_what_is_behind_a_missing_vector_is_not() -> None:
    lists: list[list[float | None] | None] = some().tolist()
    lists[7], lists[9] = None, [None, *lists[9][1:]]
    with pytest.raises(InputError, match="1 of 90 vectors, first in item 'i063'"):
        held(pa.array(lists, pa.list_(pa.float32(), WIDTH))).look_through()
    behind = some()
    behind[7] = np.nan
    vectors = held(column_of(behind, np.arange(90) != 7))
    vectors.look_through()
    assert not vectors[[7]].any()


def test_what_says_it_has_length_1_and_has_not_is_refused_by_row_and_item() -> None:
    matrix = unit(some())
    matrix[3] = 0  # which is no vector, and no lie
    held(column_of(matrix), normalised=True).look_through()
    held(column_of(matrix, half=True), normalised=True).look_through()
    matrix[[8, 44]] *= 1.002
    with pytest.raises(InputError, match=r"length 1, and 2 of 90 have not: row 9, item 'i056', has 1\.002"):
        held(column_of(matrix), normalised=True).look_through()
    held(column_of(matrix)).look_through()


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="different lengths"):
        held(pa.chunked_array([pa.array([[1.0, 2.0]]), pa.array([None, [1.0, 2.0, 3.0]])]))

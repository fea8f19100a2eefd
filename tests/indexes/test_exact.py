import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.index_suite import IndexSuite, brute_force, planted, unit
from visrec_cli.indexes import exact as exact_module
from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.indexes.gpu import short_list_on_gpu


def built(vectors: np.ndarray, **blocks: int) -> ExactIndex:
    index = ExactIndex(**blocks)
    index.build(vectors)
    return index


class TestExactIndex(IndexSuite):
    def make(self) -> ExactIndex:
        return ExactIndex()


class TestSmallBlocks(IndexSuite):
    def make(self) -> ExactIndex:
        return ExactIndex(block_rows=7, block_queries=3)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 120),
    width=st.integers(1, 9),
    distinct=st.integers(1, 120),
    k=st.integers(1, 40),
    block_rows=st.integers(1, 50),
    block_queries=st.integers(1, 20),
)
def test_equals_brute_force_with_any_ties_and_blocks(
    seed: int, count: int, width: int, distinct: int, k: int, block_rows: int, block_queries: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(distinct, width)))[rng.integers(0, distinct, count)]
    queries = unit(rng.normal(size=(11, width)))
    scores, rows = built(vectors, block_rows=block_rows, block_queries=block_queries).search(queries, k)
    expected_scores, expected_rows = brute_force(queries, vectors, k)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


def test_a_crowd_of_equal_items_larger_than_the_short_list() -> None:
    rng = np.random.default_rng(1)
    crowd, *others = unit(rng.normal(size=(401, 300)))
    vectors = np.array([crowd] * 400 + others)[rng.permutation(800)]
    _, rows = built(vectors, block_rows=64).search(crowd[None, :], 5)
    assert rows[0].tolist() == np.flatnonzero((vectors == crowd).all(axis=1))[:5].tolist()


def test_the_gpu_path_gives_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    vectors = planted()
    expected = built(vectors).search(vectors, 9)
    asked = []

    def on_cpu(given: np.ndarray) -> object:
        short_list = short_list_on_gpu(given, device="cpu")
        return lambda queries, size: asked.append(len(queries)) or short_list(queries, size)

    monkeypatch.setattr(exact_module, "_GPU_WORTH", 1)
    monkeypatch.setattr(exact_module, "gpu_likely", lambda: True)
    monkeypatch.setattr("visrec_cli.indexes.gpu.short_list_on_gpu", on_cpu)
    scores, rows = built(vectors).search(vectors, 9)
    assert sum(asked) == len(vectors)
    np.testing.assert_array_equal(rows, expected[1])
    np.testing.assert_array_equal(scores, expected[0])


def test_no_gpu_to_be_found_means_the_cpu() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has one")
    assert short_list_on_gpu(planted()) is None

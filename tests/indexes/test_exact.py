import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.index_suite import IndexSuite, brute_force, planted, unit
from visrec_cli.indexes import candidates as candidates_module
from visrec_cli.indexes import exact as exact_module
from visrec_cli.indexes.candidates import Candidates
from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.indexes.exact_scores import NOTHING, best_of
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


@pytest.mark.parametrize("crowd", [0, 3, 1024])
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_crowds_change_nothing(crowd: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "_CROWD", crowd)
    monkeypatch.setattr(candidates_module, "_WAITING", 50)
    monkeypatch.setattr(exact_module, "_THREAD_WORTH", 1)
    monkeypatch.setattr(exact_module, "usable_cores", lambda: threads)
    rng = np.random.default_rng(4)
    distinct = unit(rng.normal(size=(30, 16)))
    vectors = distinct[rng.integers(0, 30, 2000)]  # crowds of some 66
    queries = np.concatenate([distinct[:5], unit(rng.normal(size=(5, 16)))])
    for k in (1, 7, 100):
        scores, rows = built(vectors, block_rows=300).search(queries, k)
        expected_scores, expected_rows = brute_force(queries, vectors, k)
        np.testing.assert_array_equal(rows, expected_rows)
        np.testing.assert_array_equal(scores, expected_scores)


def test_little_is_left_to_be_scored_exactly() -> None:
    rng = np.random.default_rng(6)
    vectors = unit(rng.normal(size=(5000, 64)))
    candidates = Candidates(vectors[:20], vectors, 10)
    for start in range(0, 5000, 500):
        candidates.look(start, vectors[start : start + 500] @ vectors[:20].T)
    assert candidates.rows().shape[1] <= 12


def test_a_rough_score_spares_work_and_changes_nothing() -> None:
    rng = np.random.default_rng(8)
    vectors = unit(rng.normal(size=(400, 24)))[rng.integers(0, 400, 1000)]
    queries = unit(rng.normal(size=(9, 24)))
    short = np.stack([rng.choice(1000, 120, replace=False) for _ in queries])
    short[:, 100:] = NOTHING
    short[3, 4:] = NOTHING  # fewer than k
    rough = np.einsum("qd,qmd->qm", queries, vectors[short])
    for k in (1, 10, 110):
        with_rough = best_of(queries, vectors, short, k, rough=rough)
        plain = best_of(queries, vectors, short, k)
        np.testing.assert_array_equal(with_rough[0], plain[0])
        np.testing.assert_array_equal(with_rough[1], plain[1])


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

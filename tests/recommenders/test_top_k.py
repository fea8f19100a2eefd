"""The best k, without favour among equals."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.recommenders.top_k import tie_order, top_k


def test_best_first_seen_and_forbidden_left_out() -> None:
    scores = np.array([[1, 5, 3, 4], [4, 3, 2, 1]], np.float32)
    seen = sp.csr_matrix(np.array([[0, 1, 0, 0], [0, 0, 0, 0]]))
    allowed = np.array([True, True, True, False])
    rows, values = top_k(scores, 3, tie_order=np.arange(4), exclude=seen, allowed=allowed)
    assert rows.tolist() == [[2, 0, -1], [0, 1, 2]]
    assert values.tolist() == [[3, 1, -np.inf], [4, 3, 2]]


def test_a_seen_item_of_weight_zero_is_out_too() -> None:
    seen = sp.csr_matrix((np.zeros(1), np.array([0]), np.array([0, 1])), shape=(1, 2))
    assert top_k(np.array([[9, 1]], np.float32), 1, tie_order=np.arange(2), exclude=seen)[0].tolist() == [[1]]


def test_equal_scores_are_drawn_by_id_not_by_place() -> None:
    ids = [f"item-{i}" for i in range(200)]
    rows, _ = top_k(np.zeros((1, 200), np.float32), 20, tie_order=tie_order(ids))
    assert sorted(rows[0]) != list(range(20))
    drawn = {ids[row] for row in rows[0]}
    again = ids[::-1]
    turned, _ = top_k(np.zeros((1, 200), np.float32), 20, tie_order=tie_order(again))
    assert {again[row] for row in turned[0]} == drawn


def test_nothing_to_rank() -> None:
    assert top_k(np.zeros((0, 5), np.float32), 3, tie_order=np.arange(5))[0].shape == (0, 3)
    assert top_k(np.zeros((2, 0), np.float32), 3, tie_order=np.arange(0))[0].shape == (2, 0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([10, 33, 100, 641]), st.sampled_from([3, 10**6]))
def test_it_is_what_sorting_everything_gives(seed: int, k: int, items: int, distinct: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-distinct, distinct, (5, items)).astype(np.float32)
    scores[rng.random((5, items)) < rng.choice([0.0, 0.2, 0.99])] = -np.inf
    lot = rng.permutation(items)
    expected = [
        [c for c in sorted(range(items), key=lambda c: (-line[c], lot[c])) if line[c] > -np.inf][:k] for line in scores
    ]
    rows, _ = top_k(scores.copy(), k, tie_order=lot)
    assert [[row for row in line if row >= 0] for line in rows.tolist()] == expected

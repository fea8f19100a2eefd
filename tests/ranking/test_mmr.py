import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.index_suite import unit
from visrec_cli.ranking.mmr import diversify

# Two near-twins close to the query, and something else a little further away.
VECTORS = unit(np.array([[1, 0, 0], [0.99, 0.1, 0], [0, 1, 0], [0, 0, 1]]))
SCORES = np.array([0.9, 0.88, 0.6, 0.1], np.float32)


def test_no_diversity_keeps_the_order() -> None:
    assert diversify(SCORES, VECTORS, 3, 0.0).tolist() == [0, 1, 2]


def test_the_twin_gives_way() -> None:
    # half and half: the twin is worth .44 - .4975 < 0, the other .30 - 0, the last .05 - 0
    assert diversify(SCORES, VECTORS, 3, 0.5).tolist() == [0, 2, 3]
    # a tenth: the twin .792 - .0995 = .69, the other .54
    assert diversify(SCORES, VECTORS, 2, 0.1).tolist() == [0, 1]


def test_full_diversity_still_starts_at_the_best() -> None:
    assert diversify(SCORES, VECTORS, 4, 1.0).tolist() == [0, 2, 3, 1]


def test_fewer_candidates_than_asked_and_none() -> None:
    assert diversify(SCORES[:2], VECTORS[:2], 5, 0.5).tolist() == [0, 1]
    assert diversify(SCORES[:0], VECTORS[:0], 5, 0.5).tolist() == []


@given(seed=st.integers(0, 999), count=st.integers(1, 25), k=st.integers(1, 25), diversity=st.floats(0, 1))
def test_equals_the_definition(seed: int, count: int, k: int, diversity: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(count, 4)))
    scores = np.sort(rng.random(count).astype(np.float32))[::-1]
    picks: list[int] = [0]
    while len(picks) < min(k, count):
        best = max(
            (i for i in range(count) if i not in picks),
            key=lambda i: (1 - diversity) * scores[i] - diversity * max(float(vectors[i] @ vectors[j]) for j in picks),
        )
        picks.append(best)
    assert diversify(scores, vectors, k, diversity).tolist() == picks

"""What every index promises. A test class inherits IndexSuite and says how its index is made."""

from typing import Any

import numpy as np
import pytest


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def planted(groups: int = 20, each: int = 12, width: int = 32, seed: int = 7) -> np.ndarray:
    """Unit vectors, ``each`` around each of ``groups`` orthogonal-ish centres; row r belongs to group r // each."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(unit(rng.normal(size=(groups, width))), each, axis=0)
    return unit(centres + 0.05 * rng.normal(size=(groups * each, width)))


def brute_force(queries: np.ndarray, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The definition: every cosine in float64, sorted, equal ones by row."""
    scores = (queries.astype(np.float64)[:, None, :] * vectors.astype(np.float64)[None, :, :]).sum(axis=2)
    scores = scores.astype(np.float32)
    order = np.lexsort((np.broadcast_to(np.arange(len(vectors)), scores.shape), -scores), axis=-1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), order


class IndexSuite:
    """Inherit, and set ``recall``: the share of true neighbours that must be found on easy data."""

    recall = 1.0

    def make(self) -> Any:
        raise NotImplementedError

    def built(self, vectors: np.ndarray) -> Any:
        index = self.make()
        index.build(vectors)
        return index

    def test_finds_the_planted_group(self) -> None:
        vectors = planted()
        _, rows = self.built(vectors).search(vectors, 12)
        assert (rows // 12 == np.arange(len(vectors))[:, None] // 12).mean() >= self.recall
        assert (rows[:, 0] == np.arange(len(vectors))).all()

    def test_scores_are_the_exact_cosines_best_first(self) -> None:
        vectors = planted()
        scores, rows = self.built(vectors).search(vectors[:30], 10)
        expected = (vectors[:30].astype(np.float64)[:, None, :] * vectors[rows].astype(np.float64)).sum(axis=2)
        np.testing.assert_array_equal(scores, expected.astype(np.float32))
        assert (np.diff(scores, axis=1) <= 0).all()

    def test_shapes_types_and_no_row_twice(self) -> None:
        vectors = planted()
        scores, rows = self.built(vectors).search(vectors[:5], 7)
        assert scores.shape == rows.shape == (5, 7)
        assert (scores.dtype, rows.dtype) == (np.float32, np.int64)
        assert all(len(set(line)) == 7 for line in rows.tolist())

    def test_equal_scores_come_in_the_order_of_their_rows(self) -> None:
        vectors = np.repeat(np.eye(4, dtype=np.float32), 6, axis=0)
        scores, rows = self.built(vectors).search(vectors[6:7], 6)
        assert rows.tolist() == [[6, 7, 8, 9, 10, 11]]
        assert scores.tolist() == [[1.0] * 6]

    def test_k_beyond_the_catalogue_gives_the_whole_catalogue(self) -> None:
        vectors = planted(groups=2, each=3)
        scores, rows = self.built(vectors).search(vectors[:2], 50)
        assert scores.shape == (2, 6)
        assert sorted(rows[0].tolist()) == list(range(6))

    @pytest.mark.parametrize("k", [1, 3])
    def test_one_item(self, k: int) -> None:
        _, rows = self.built(planted(groups=1, each=1)).search(planted(groups=1, each=1), k)
        assert rows.tolist() == [[0]]

    def test_no_items_and_no_queries(self) -> None:
        vectors = planted(groups=2, each=2)
        assert self.built(vectors[:0]).search(vectors, 3)[1].shape == (4, 0)
        assert self.built(vectors).search(vectors[:0], 3)[1].shape == (0, 3)

    def test_two_builds_answer_the_same(self) -> None:
        vectors = unit(np.random.default_rng(3).normal(size=(500, 16)))
        first, second = (self.built(vectors).search(vectors[:40], 9) for _ in range(2))
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])

    def test_finds_most_of_what_brute_force_finds(self) -> None:
        vectors = unit(np.random.default_rng(5).normal(size=(800, 24)))
        _, truth = brute_force(vectors[:50], vectors, 10)
        _, rows = self.built(vectors).search(vectors[:50], 10)
        shared = [len(set(a) & set(b)) / 10 for a, b in zip(rows.tolist(), truth.tolist(), strict=True)]
        assert np.mean(shared) >= self.recall

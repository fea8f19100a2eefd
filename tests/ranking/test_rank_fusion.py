import numpy as np
import pytest

from visrec_cli.ranking.rank_fusion import fuse_ranks


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def test_scores_by_hand() -> None:
    scores, fused = fuse_ranks([rows(7, 3, 9), rows(3, 8)])
    assert fused.tolist() == [3, 7, 8, 9]
    expected = [1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63]
    assert scores.tolist() == pytest.approx([61 / 2 * value for value in expected], rel=1e-6)


def test_first_everywhere_scores_one_and_one_ranking_keeps_its_order() -> None:
    assert fuse_ranks([rows(4, 2), rows(4, 5)])[0][0] == 1.0
    scores, fused = fuse_ranks([rows(9, 1, 5)])
    assert fused.tolist() == [9, 1, 5]
    assert scores[0] == 1.0


def test_ties_go_by_row() -> None:
    assert fuse_ranks([rows(8, 2), rows(2, 8)])[1].tolist() == [2, 8]


def test_an_empty_ranking_adds_nothing() -> None:
    assert fuse_ranks([rows(8, 2), rows()])[1].tolist() == [8, 2]


def test_weights_say_how_much_a_ranking_counts() -> None:
    scores, fused = fuse_ranks([rows(7, 3), rows(3, 7)], [3, 1])
    assert fused.tolist() == [7, 3]
    assert scores.tolist() == pytest.approx([61 / 4 * (3 / 61 + 1 / 62), 61 / 4 * (3 / 62 + 1 / 61)], rel=1e-6)
    assert fuse_ranks([rows(4, 2), rows(4)], [0.2, 5])[0][0] == pytest.approx(1.0)

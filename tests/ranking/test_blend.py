import numpy as np
import pytest

from visrec_cli.ranking.blend import blend_ranks, blend_scores, standardised

NONE = -np.inf


def scores(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_standardised_by_hand_over_what_is_scored() -> None:
    assert standardised(scores([1, 3, NONE], [5, 5, 5]))[0].tolist() == [-1, 1, 0]
    assert standardised(scores([5, 5, 5])).tolist() == [[0, 0, 0]]
    assert standardised(scores([NONE, NONE])).tolist() == [[0, 0]]
    assert standardised(scores([0.1, 0.1, 0.1], [7e8, 7e8, 7e8])).tolist() == [[0, 0, 0]] * 2


def test_scales_do_not_matter_and_weights_do() -> None:
    one, two = scores([1, 2, 3]), scores([300, 200, 100])
    assert blend_scores([one, two], [1, 1]).tolist() == [[0, 0, 0]]
    np.testing.assert_allclose(blend_scores([one, two], [3, 1]), standardised(one) / 2, rtol=1e-6)
    np.testing.assert_array_equal(blend_scores([one, two], [3, 1]), blend_scores([one * 9 + 4, two], [0.75, 0.25]))


def test_what_one_model_cannot_score_is_average_there_and_what_none_can_is_nothing() -> None:
    blended = blend_scores([scores([1, 3, NONE, NONE]), scores([1, 1, 3, NONE])], [1, 1])[0]
    second = standardised(scores([1, 1, 3]))[0]
    np.testing.assert_allclose(blended[:3], [(-1 + second[0]) / 2, (1 + second[1]) / 2, second[2] / 2], rtol=1e-6)
    assert np.isneginf(blended[3])


def test_ranks_by_hand() -> None:
    tie_order = np.arange(4)
    one, two = scores([9, 8, 7, NONE]), scores([1, 2, NONE, NONE])
    blended = blend_ranks([one, two], [2, 1], depth=2, tie_order=tie_order)[0]
    expected = [2 / 61 + 1 / 62, 2 / 62 + 1 / 61]
    assert blended[:2].tolist() == pytest.approx([value * 61 / 3 for value in expected], rel=1e-6)
    assert np.isneginf(blended[2:]).all()  # beyond the depth, and scored by none


def test_equal_ranks_go_by_lot() -> None:
    for tie_order in (np.array([0, 1]), np.array([1, 0])):
        blended = blend_ranks([scores([2, 1]), scores([1, 2])], [1, 1], depth=9, tie_order=tie_order)[0]
        assert blended[0] == blended[1]
    tied = blend_ranks([scores([5, 5, 5])], [1], depth=1, tie_order=np.array([2, 0, 1]))[0]
    assert np.isfinite(tied).tolist() == [False, True, False]

import numpy as np

from tests.contracts.index_suite import unit
from visrec_cli.ranking.near_duplicates import leave_best_of_group, repeats, with_twins

A, A2, B, C = unit(np.array([[1, 0, 0], [1, 0.01, 0], [0, 1, 0], [0, 0, 1]]))
NONE = np.zeros((0, 3), np.float32)
NO_GROUPS = np.zeros(0, np.int64)


def marked(*vectors: np.ndarray, groups: list[int] | None = None, asked: np.ndarray = NONE, threshold: float = 0.99,
           asked_groups: np.ndarray = NO_GROUPS) -> list[bool]:  # fmt: skip
    own = np.array(groups if groups is not None else range(len(vectors)), np.int64)
    result: list[bool] = repeats(
        np.array(vectors).reshape(-1, 3), own, asked, asked_groups, threshold=threshold
    ).tolist()
    return result


def test_the_better_of_two_near_duplicates_stays() -> None:
    assert marked(A, B, A2, C) == [False, False, True, False]
    assert marked(A2, B, A) == [False, False, True]


def test_known_groups_count_whatever_the_cosine() -> None:
    assert marked(A, B, C, groups=[5, 6, 5]) == [False, False, True]
    assert marked(A, A2, threshold=2.0, groups=[1, 2]) == [False, False]


def test_what_was_asked_about_is_not_shown_again() -> None:
    assert marked(A2, B, asked=A[None, :]) == [True, False]
    assert marked(B, C, groups=[7, 8], asked_groups=np.array([8])) == [False, True]


def test_a_repeat_of_something_hidden_is_not_hidden_for_that() -> None:
    # a chain: near(1, 2) and near(2, 3) but not near(1, 3); 2 goes, and 3 repeats nothing that is shown
    steps = np.radians([0, 10, 20])
    chain = np.stack([np.cos(steps), np.sin(steps), 0 * steps], axis=1).astype(np.float32)
    assert marked(*chain, threshold=float(np.cos(np.radians(11)))) == [False, True, False]


def test_no_candidates() -> None:
    assert marked() == []


def test_what_somebody_has_they_have_in_every_picture() -> None:
    has = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1]], bool)
    with_all = with_twins(has, np.array([7, 9, 7, 1]))
    assert with_all.tolist() == [[True, False, True, False], [False] * 4, [False, True, False, True]]


def test_of_twins_the_better_is_left_and_of_equals_the_one_that_drew_the_lesser_lot() -> None:
    out = -np.inf
    scores = np.array([[1, 2, 3, 4, 5], [1, 1, 1, 1, 1], [out, 0, out, 0, out]], np.float32)
    leave_best_of_group(scores, np.array([5, 2, 5, 2, 5]), tie_order=np.array([3, 1, 0, 4, 2]))
    assert scores.tolist() == [[out, out, out, 4, 5], [out, 1, 1, out, out], [out, 0, out, out, out]]


def test_without_twins_scores_stay() -> None:
    scores = np.array([[1, 2], [3, 3]], np.float32)
    leave_best_of_group(scores, np.array([4, 2]), tie_order=np.array([0, 1]))
    assert scores.tolist() == [[1, 2], [3, 3]]

"""Lots, groups and the ways to divide."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.hash_order import lots_of, lots_of_pairs
from visrec_cli.logs.item_groups import groups_of
from visrec_cli.stages.split.strategies import (
    TEST,
    TRAIN,
    VALIDATION,
    Shares,
    by_time,
    folds_within_users,
    moments,
    whole,
    whole_folds,
    within_users,
)

NAMES = [f"id-{n}" for n in range(4000)]


def test_lots_belong_to_names_and_seeds() -> None:
    assert lots_of(NAMES[::-1], 3).tolist() == lots_of(NAMES, 3).tolist()[::-1]
    assert not set(lots_of(NAMES, 3).tolist()) & set(lots_of(NAMES, 4).tolist())
    # for ever: whoever splits the same log next year gets the same parts
    assert [int(lot) for lot in lots_of(["a", "ä"], 0)] == [1476484591048093314, 7137261260969155492]


@pytest.mark.parametrize("seed", [0, 1])
def test_lots_of_pairs_are_uniform_and_tell_both_sides_apart(seed: int) -> None:
    lots = lots_of(NAMES, seed)
    pairs = lots_of_pairs(np.repeat(lots[:60], 60), np.tile(lots[:60], 60))
    assert len(set(pairs.tolist())) == 3600
    counts = np.bincount((pairs >> np.uint64(60)).astype(int), minlength=16)
    assert ((counts - 225) ** 2 / 225).sum() < 37.7  # chi-squared with 15 degrees of freedom, p = 0.001
    first = pairs.reshape(60, 60).astype(float)
    assert abs(np.corrcoef(first[0], first[1])[0, 1]) < 0.45


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.floats(0, 0.9), st.floats(0, 0.09))
def test_each_user_gives_what_is_asked_or_nothing(sizes: list[int], test: float, validation: float) -> None:
    users = np.repeat(np.arange(len(sizes)), sizes)
    codes, few = within_users(users, Shares(test, validation), [np.arange(len(users))])
    too_small = 0
    for user, size in enumerate(sizes):
        mine = codes[users == user].tolist()
        t, v = int(size * test + 0.5), int(size * validation + 0.5)
        if size and (t + v == 0 or t + v >= size):
            too_small += 1
            t = v = 0
        assert mine == [TRAIN] * (size - t - v) + [VALIDATION] * v + [TEST] * t
    assert few == too_small


def test_the_last_by_time() -> None:
    users, times = np.array([0, 0, 0, 1, 1, 1, 2]), np.array([5, 9, 7, 3, 1, 2, 8])
    codes, few = within_users(users, Shares(1, 1), [times])
    assert codes.tolist() == [TRAIN, TEST, VALIDATION, TEST, TRAIN, VALIDATION, TRAIN]
    assert few == 1


def test_folds_of_a_user_differ_by_one_at_most_and_begin_anywhere() -> None:
    users = np.repeat(np.arange(300), np.arange(300) % 7 + 1)
    lots = lots_of([str(n) for n in range(len(users))], 0)
    folds = folds_within_users(users, 3, lots, lots_of(NAMES[:300], 0))
    for user in range(300):
        sizes = np.bincount(folds[users == user], minlength=3)
        assert sizes.max() - sizes.min() <= 1
    assert np.abs(np.bincount(folds) / len(users) - 1 / 3).max() < 0.03
    assert len(set(folds[users == 0].tolist()) | set(folds[users == 7].tolist())) > 1


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60), st.floats(0.05, 0.5))
def test_whole_groups_stay_together_and_have_their_share(names: list[int], share: float) -> None:
    groups = np.array([names.index(name) for name in names])
    codes = whole(groups, Shares(share, 0.2), lots_of(NAMES[: len(names)], 0))
    largest = np.bincount(groups).max()
    for group in set(groups.tolist()):
        assert len(set(codes[groups == group].tolist())) == 1
    wanted = int(len(names) * share + 0.5)
    assert wanted <= (codes == TEST).sum() < wanted + largest or wanted == (codes == TEST).sum() == 0
    folds = whole_folds(groups, 3, lots_of(NAMES[: len(names)], 0))
    assert set(folds.tolist()) <= {0, 1, 2}
    assert all(len(set(folds[groups == group].tolist())) == 1 for group in set(groups.tolist()))


def test_moments_keep_ties_together() -> None:
    times = np.array([1, 2, 2, 3, 4, 4, 4, 5, 6, 7])
    assert moments(times, Shares(0.2, 0.3)) == (6, 4)
    assert moments(times, Shares(3, 0)) == (5, None)
    assert by_time(times, 6, 4).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert moments(times, Shares(0, 0.1)) == (8, 7)


def test_twins_of_twins_are_one_group_whose_least_id_leads() -> None:
    items = pa.table({"item_id": ["d", "c", "b", "e"], "duplicate_of": ["c", "b", None, "lost"], "style": [1, 2, 1, 2]})
    ids = ["d", "a", "b", "c", "e"]
    assert groups_of(ids, items, "duplicate_of").tolist() == [2, 1, 2, 2, 4]
    assert groups_of(ids, items, "style").tolist() == [2, 1, 2, 3, 3]
    assert groups_of(ids, None, None).tolist() == [0, 1, 2, 3, 4]


def test_twins_meet_through_an_item_that_nobody_touched() -> None:
    items = pa.table({"item_id": ["a", "b"], "duplicate_of": ["z", "z"]})
    assert groups_of(["b", "a"], items, "duplicate_of").tolist() == [1, 1]


def test_columns_that_group_nothing() -> None:
    items = pa.table({"item_id": ["a"], "duplicate_of": pa.nulls(1, pa.string())})
    with pytest.raises(InputError, match="'duplicate_of' is empty"):
        groups_of(["a"], items, "duplicate_of")
    with pytest.raises(UsageError, match="unknown column of the items 'duplicate'"):
        groups_of(["a"], items, "duplicate")

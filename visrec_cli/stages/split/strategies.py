"""Split strategies: the part, or the fold, of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visrec_cli.logs.hash_order import Lots

TRAIN, VALIDATION, TEST = 0, 1, 2
PARTS = ("train", "validation", "test")
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shares:
    """How much is for test and validation. Below 1 a share, from 1 on a count."""

    test: float
    validation: float = 0.0

    def of(self, sizes: Codes) -> tuple[Codes, Codes]:
        """How many of so many are for test, and for validation. Shares are rounded, a half upwards."""
        test, validation = (
            np.floor(sizes * part + 0.5).astype(np.int64) if part < 1 else np.full(len(sizes), int(part))
            for part in (self.test, self.validation)
        )
        return test, validation


def within_users(users: Codes, shares: Shares, keys: Sequence[npt.NDArray[np.generic]]) -> tuple[Codes, int]:
    """(n,) the part of each unit, and how many users stay wholly in train because they have too few.

    users: (n,) whose unit it is. keys: as for ``np.lexsort``, the last counts most: by them, each user's last units are
    for test and those before for validation. At least one stays for training, or all do.
    """
    order = np.lexsort((*keys, users))
    sizes = np.bincount(users)
    test, validation = shares.of(sizes)
    few = (sizes > 0) & ((test + validation >= sizes) | (test + validation == 0))
    test[few] = validation[few] = 0
    starts = np.cumsum(sizes) - sizes
    from_end = np.empty(len(users), np.int64)
    from_end[order] = (starts + sizes)[users[order]] - np.arange(len(users))  # 1 is the last
    codes = np.full(len(users), TRAIN)
    codes[from_end <= (test + validation)[users]] = VALIDATION
    codes[from_end <= test[users]] = TEST
    return codes, int(few.sum())


def folds_within_users(users: Codes, folds: int, lots: Lots, user_lots: Lots) -> Codes:
    """(n,) the fold of each unit: each user's units are dealt round, beginning at a fold of the user's own."""
    order = np.lexsort((lots, users))
    sizes = np.bincount(users)
    place = np.empty(len(users), np.int64)
    place[order] = np.arange(len(users)) - (np.cumsum(sizes) - sizes)[users[order]]
    first = (user_lots % np.uint64(folds)).astype(np.int64)
    return (place + first[users]) % folds


def whole(groups: Codes, shares: Shares, lots: Lots) -> Codes:
    """(n,) the part of each item or user, drawn as wholes: group by group in the order of the lots.

    groups: (n,) the place of the one that leads its group. lots: (n,), of which the leaders' count.
    """
    test, validation = (int(part[0]) for part in shares.of(np.array([len(groups)])))
    before = _drawn_before(groups, lots)
    return np.where(before < test, TEST, np.where(before < test + validation, VALIDATION, TRAIN))


def whole_folds(groups: Codes, folds: int, lots: Lots) -> Codes:
    """(n,) the fold of each item or user, drawn as wholes."""
    return _drawn_before(groups, lots) * folds // len(groups)


def _drawn_before(groups: Codes, lots: Lots) -> Codes:
    """(n,) how many members are drawn before the group of each."""
    leaders, sizes = np.unique(groups, return_counts=True)
    order = np.argsort(lots[leaders], kind="stable")
    before = np.empty(len(groups), np.int64)
    before[leaders[order]] = np.cumsum(sizes[order]) - sizes[order]
    return before[groups]


def by_time(times: Codes, test_from: int, validation_from: int | None = None) -> Codes:
    """(n,) the part of each row by two moments; a row at the moment itself comes after it."""
    codes = np.where(times >= test_from, TEST, TRAIN)
    if validation_from is not None:
        codes[(times >= validation_from) & (times < test_from)] = VALIDATION
    return codes


def moments(times: Codes, shares: Shares) -> tuple[int, int | None]:
    """From when on rows are for test and for validation, so that the parts have the shares as nearly as ties allow."""
    test, validation = (int(part[0]) for part in shares.of(np.array([len(times)])))
    ordered = np.sort(times)
    from_test = int(ordered[max(len(times) - test, 0)]) if test else int(ordered[-1]) + 1
    return from_test, int(ordered[max(len(times) - test - validation, 0)]) if validation else None

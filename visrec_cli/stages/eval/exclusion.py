"""Detection of runs that exclude the items of the truth.

A recommender that leaves out what users had before never hits the training part of a truth that still contains it. No
list says so, but its like do: an item that goes with the rest of a list, by what other users' lists have together, and
is not in it was probably left out. In a clean evaluation such items are in the truth less often than those that the
list shows, as the truth is what users had not had; where the truth contains what was left out, they are in it more
often.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

USERS, PLACES = 2_000, 100  # of a run that are looked at
_ITEMS, _LEAST = 2_000, 5  # items that are looked at, and lists that each must be in
_SURE = 5.0  # standard errors
_MORE = 1.2  # times as often in the truth


@dataclass(frozen=True)
class Exclusion:
    """shown: the share of the items that lists show which are in the truth; lacking: of those that they should show, by
    what other lists have, and do not."""

    shown: float
    lacking: float


def exclusion(lists: sp.csr_matrix, truth: sp.csr_matrix) -> Exclusion | None:
    """What shows that the lists and the truth leave out each other; None where nothing does, or too little is there.

    lists, truth: (users, items) csr, a stored cell being an item of that user.
    """
    in_both = (np.diff(lists.indptr) > 0) & (np.diff(truth.indptr) > 0)
    shows, holds = (_ones(matrix[in_both]) for matrix in (lists, truth))
    return _by_the_rest_of_the_list(shows, holds) or _by_how_often_it_is_shown(shows, holds)


def _by_the_rest_of_the_list(lists: sp.csr_matrix, truth: sp.csr_matrix) -> Exclusion | None:
    """Among the items that go with the rest of a user's list at least as well as half of what it shows."""
    often = np.asarray(lists.sum(axis=0)).ravel()
    items = np.argsort(-often, kind="stable")[:_ITEMS]
    items = items[often[items] >= _LEAST]
    if len(items) < 2:
        return None
    listed, often = lists[:, items].toarray(), often[items]
    shown, held = listed > 0, truth[:, items].toarray() > 0
    together = listed @ (listed.T @ listed) - listed * often  # without what an item has with itself
    fit = together / np.maximum(listed.sum(axis=1, keepdims=True) - listed, 1) / np.sqrt(often)
    fitting = fit >= np.median(fit[shown])
    return _compared(
        int((fitting & shown & held).sum()), int((fitting & shown).sum()),
        int((fitting & ~shown & held).sum()), int((fitting & ~shown).sum()), more=_MORE,
    )  # fmt: skip


def _by_how_often_it_is_shown(lists: sp.csr_matrix, truth: sp.csr_matrix) -> Exclusion | None:
    """Among all items, each as often as lists of other users have it: for lists in which nothing goes together."""
    users, places = lists.shape[0], int(lists.nnz)
    hits = int(lists.multiply(truth).nnz)
    often, wanted = (np.asarray(matrix.sum(axis=0), np.float64).ravel() for matrix in (lists, truth))
    expected = float(often @ wanted) / max(users, 1)
    if expected - hits <= _SURE * np.sqrt(expected) or 2 * hits > expected:
        return None
    return Exclusion(hits / places, expected / places)


def _compared(hits: int, shown: int, missed: int, lacking: int, *, more: float) -> Exclusion | None:
    """Two shares, if the second is surely larger: by the difference of two proportions."""
    if not shown or not lacking:
        return None
    found = Exclusion(hits / shown, missed / lacking)
    both = (hits + missed) / (shown + lacking)
    error = np.sqrt(both * (1 - both) * (1 / shown + 1 / lacking))
    surely = found.lacking - found.shown > _SURE * error
    return found if surely and found.lacking > more * found.shown else None


def _ones(matrix: sp.csr_matrix) -> sp.csr_matrix:
    cells = np.ones(matrix.nnz, np.float32), matrix.indices, matrix.indptr
    return sp.csr_matrix(cells, matrix.shape)


def drawn(users: int, seed: int = 0) -> npt.NDArray[np.bool_]:
    """(users,) whose lists are looked at."""
    mask = np.zeros(users, bool)
    mask[np.random.default_rng([seed, 5]).permutation(users)[:USERS]] = True
    return mask

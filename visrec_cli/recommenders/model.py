"""The model of every recommender, and the scoring formula.

    score(u, i) = offset + bias(u) + bias(i) + factors(u)·factors(i)
                  + sum over j in history(u) of weight(u, j) · neighbours(j → i)
                  + sum over v in neighbours(u) of weight(u, v) · weight(v, i)

A recommender fills the terms that it knows and leaves the others out. The terms stay apart, so that a reason can say
which of them spoke.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log, Times
from visrec_cli.tables.spaces import as_stored
from visrec_cli.tables.vectors import Mask, Matrix, Rows

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Users:
    """The user side.

    history: (users, items) csr of weights, sorted indices; a stored weight of 0 is an item that the user met and did
    not like: seen, and no reason for anything. times: (nnz,) ms or None. factors: (users, f), bias:
    (users,), neighbours: (users, all users of the model) csr; each None where the recommender has no such term.
    """

    ids: tuple[str, ...]
    history: sp.csr_matrix
    times: Times | None = None
    factors: Matrix | None = None
    bias: Vector | None = None
    neighbours: sp.csr_matrix | None = None

    @property
    def known(self) -> Mask:
        """(users,) False for users who liked nothing so far."""
        rows = np.repeat(np.arange(len(self.ids)), np.diff(self.history.indptr))
        return np.bincount(rows[self.history.data != 0], minlength=len(self.ids)) > 0

    def take(self, rows: Rows | Sequence[int]) -> "Users":
        """Some of the users, in this order."""
        rows = np.asarray(rows, np.int64)
        history = self.history[rows]
        times = None
        if self.times is not None:
            starts, ends = self.history.indptr[rows], self.history.indptr[rows + 1]
            pieces = [self.times[a:b] for a, b in zip(starts, ends, strict=True)]
            times = np.concatenate(pieces) if pieces else self.times[:0]
        return Users(
            tuple(self.ids[row] for row in rows),
            history,
            times,
            None if self.factors is None else self.factors[rows],
            None if self.bias is None else self.bias[rows],
            None if self.neighbours is None else self.neighbours[rows],
        )


@dataclass(frozen=True)
class Items:
    """The item side.

    factors: (items, f), bias: (items,), neighbours: (items, items) csr whose row j holds what a click on j says for
    other items. known: (items,) False where the model cannot score the item: it is never recommended.
    """

    ids: tuple[str, ...]
    known: Mask
    factors: Matrix | None = None
    bias: Vector | None = None
    neighbours: sp.csr_matrix | None = None

    @cached_property
    def gram(self) -> Matrix | None:
        """(f, f) YᵀY of the factors Y: made once, whoever asks how often."""
        return None if self.factors is None else self.factors.T @ self.factors


@dataclass(frozen=True)
class Model:
    """A trained model.

    recommender and settings: its name in the catalogue and how it was made. parts: what the blocks of the factors speak
    for, as (name, width): (("behaviour", 64),) or (("behaviour", 64), ("picture", 32), ("text", 32)); they add up to f.
    state: further arrays by name that folding in or new items need (a projection, a Gram matrix); float32 or int64,
    as a file gives them back, so that a model answers in memory as it will from a file. facts: what else is worth
    keeping (version, seed, validation), JSON.
    """

    recommender: str
    settings: dict[str, Any]
    users: Users
    items: Items
    parts: tuple[tuple[str, int], ...] = ()
    offset: float = 0.0
    state: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", {name: as_stored(array) for name, array in self.state.items()})

    def scores(self, users: Users | None = None) -> Matrix:
        """(users, items) float32 by the formula above; -inf for items that the model cannot score.

        users: some of the model's, or folded in; ask in blocks, the answer is dense.
        """
        users = self.users if users is None else users
        items = self.items
        if users.factors is not None and items.factors is not None:
            total: Matrix = users.factors @ items.factors.T
        else:
            total = np.zeros((len(users.ids), len(items.ids)), np.float32)
        if self.offset:
            total += np.float32(self.offset)
        if items.neighbours is not None:
            _add(total, users.history @ items.neighbours)
        if users.neighbours is not None:
            _add(total, users.neighbours @ self.users.history)
        if users.bias is not None:
            total += users.bias[:, None]
        if items.bias is not None:
            total += items.bias
        total[:, np.flatnonzero(~items.known)] = -np.inf
        return total

    def with_facts(self, **facts: Any) -> "Model":
        """The same model with more facts about its making."""
        return replace(self, facts={**self.facts, **facts})


def _add(total: Matrix, sparse: sp.csr_matrix) -> None:
    """Add in place what is stored, and nothing elsewhere: most of it is zeros."""
    rows = np.repeat(np.arange(len(total)), np.diff(sparse.indptr))
    total[rows, sparse.indices] += sparse.data.astype(np.float32, copy=False)


def users_of(log: Log, **terms: Any) -> Users:
    """The user side of a model trained on ``log``: its users with their histories, and the terms given."""
    return Users(log.users, log.matrix, log.times, **terms)

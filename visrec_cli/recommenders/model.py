"""The model of every recommender, and the scoring formula.

    score(u, i) = offset + bias(u) + bias(i) + factors(u)·factors(i)
                  + sum over j in history(u) of weight(u, j) · neighbours(j → i)
                  + sum over v in neighbours(u) of weight(u, v) · weight(v, i)

A recommender fills the terms that it knows and leaves out the others. The terms are kept apart, so that an explanation
can say which of them contributed.
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
    """The user side of a model.

    Attributes
    ----------
    ids : tuple[str, ...]
        User ids.
    history : sp.csr_matrix
        (users, items) csr of weights with sorted indices. A stored weight of 0 is an item that the user has seen and
        did not like; it contributes nothing.
    times : Times | None, default=None
        (nnz,) milliseconds since 1970, in the order of ``history.data``; None if not known.
    factors : Matrix | None, default=None
        (users, f) float32; None if the recommender has no such term.
    bias : Vector | None, default=None
        (users,) float32; None if the recommender has no such term.
    neighbours : sp.csr_matrix | None, default=None
        (users, all users of the model) csr of weights; None if the recommender has no such term.
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
    """The item side of a model.

    Attributes
    ----------
    ids : tuple[str, ...]
        Item ids.
    known : Mask
        (items,) False where the model cannot score the item, which is then never recommended.
    factors : Matrix | None, default=None
        (items, f) float32; None if the recommender has no such term.
    bias : Vector | None, default=None
        (items,) float32; None if the recommender has no such term.
    neighbours : sp.csr_matrix | None, default=None
        (items, items) csr; row j holds what an interaction with j adds to the scores of other items. None if the
        recommender has no such term.
    """

    ids: tuple[str, ...]
    known: Mask
    factors: Matrix | None = None
    bias: Vector | None = None
    neighbours: sp.csr_matrix | None = None

    @cached_property
    def gram(self) -> Matrix | None:
        """(f, f) Gram matrix YᵀY of the factors Y, computed once."""
        return None if self.factors is None else self.factors.T @ self.factors


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes
    ----------
    recommender : str
        Name of the recommender in the registry.
    settings : dict[str, Any]
        Its settings.
    users : Users
        The user side.
    items : Items
        The item side.
    parts : tuple[tuple[str, int], ...], default=()
        Name and width of each block of the factors, such as (("behaviour", 64), ("picture", 32), ("text", 32)). The
        widths add up to f.
    offset : float, default=0.0
        Added to every score.
    state : dict[str, npt.NDArray[Any]], default=field(default_factory=dict)
        Further arrays by name that ``fold_in`` or ``new_items`` need, such as a projection. Stored as float32 or int64,
        so that a model scores in memory as it does from a file.
    facts : dict[str, Any], default=field(default_factory=dict)
        Further metadata that is worth keeping (version, seed, validation), as JSON.
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
        """Score all items for some users, by the formula of this module.

        Parameters
        ----------
        users : Users | None, default=None
            Users of the model, or folded in; None for all users of the model. The result is dense: score in blocks.

        Returns
        -------
        Matrix
            (users, items) float32; -inf for items that the model cannot score.
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
        """The same model with further facts."""
        return replace(self, facts={**self.facts, **facts})


def _add(total: Matrix, sparse: sp.csr_matrix) -> None:
    """Add only the stored cells, in place: most of the matrix is zeros."""
    rows = np.repeat(np.arange(len(total)), np.diff(sparse.indptr))
    total[rows, sparse.indices] += sparse.data.astype(np.float32, copy=False)


def users_of(log: Log, **terms: Any) -> Users:
    """The user side of a model trained on ``log``: users, histories, and the given terms."""
    return Users(log.users, log.matrix, log.times, **terms)

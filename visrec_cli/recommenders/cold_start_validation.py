"""Validation of factors for cold items: hide the clicks of warm items, train, and measure recovery."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.tables.vectors import Mask, Matrix

Choice = TypeVar("Choice")
Guess = tuple[Matrix, Matrix]  # (users, d) and (cold items, d), whose products are the scores

_HIDDEN = 0.2  # share of the items, and of the clicks on all others
_USERS = 1_000  # users that recommendations are computed for, at most
_K = 20
_LEAST, _MOST, _HALVINGS = 0.1, 100.0, 8  # range of the scale, and steps of the bisection


@dataclass(frozen=True)
class ColdStartTrial:
    """A model trained without some items, and without some clicks on the others.

    Attributes
    ----------
    model : Model
        The model.
    users : Sequence[int]
        Rows of the evaluated users.
    cold : Mask
        (items,) which items were hidden.
    of_cold : sp.csr_matrix
        (evaluated users, items) all clicks on hidden items.
    of_all : sp.csr_matrix
        (evaluated users, items) hidden clicks on hidden and on other items. Each click is hidden with the same
        probability, because a new item does not have all its clicks at once.
    """

    model: Model
    users: Sequence[int]
    cold: Mask
    of_cold: sp.csr_matrix
    of_all: sp.csr_matrix

    @classmethod
    def of(cls, log: Log, known: Mask, learn: Callable[[Log], Model], seed: Sequence[int]) -> "ColdStartTrial":
        """Hide a fifth of the known items and a fifth of the other clicks, and train on the rest.

        Parameters
        ----------
        log : Log
            The interactions.
        known : Mask
            (items,) which items may be hidden.
        learn : Callable[[Log], Model]
            Trains a model.
        seed : Sequence[int]
            Seed of the choice.

        Returns
        -------
        ColdStartTrial
            The trial.
        """
        rng = np.random.default_rng(seed)
        cold = np.zeros(len(log.items), bool)
        candidates = np.flatnonzero(known)
        cold[rng.choice(candidates, max(int(_HIDDEN * len(candidates)), 1), replace=False)] = True
        on_cold, drawn = cold[log.matrix.indices], rng.random(log.matrix.nnz) < _HIDDEN
        of_cold, of_all = log.only(on_cold).matrix, log.only(drawn).matrix
        evaluated = np.flatnonzero(np.diff(of_cold.indptr))
        evaluated = np.sort(rng.choice(evaluated, min(_USERS, len(evaluated)), replace=False))
        return cls(learn(log.only(~on_cold & ~drawn)), evaluated.tolist(), cold, of_cold[evaluated], of_all[evaluated])

    def found(self, guess: Guess) -> float:
        """Mean recall@20 of the hidden items, ranked among themselves."""
        users = self.model.users.take(self.users)
        scores = np.full((len(self.users), len(self.cold)), -np.inf, np.float32)
        scores[:, self.cold] = guess[0][self.users] @ guess[1].T
        rows, _ = self._top(scores, users.history, self.cold)
        truth = self.of_cold
        right = [np.isin(row, truth.indices[truth.indptr[u] : truth.indptr[u + 1]]).sum() for u, row in enumerate(rows)]
        return float(np.mean(np.array(right) / np.diff(truth.indptr))) if len(right) else 0.0

    def deserved(self) -> float:
        """Share of the hidden clicks that belong to hidden items."""
        return float(self.cold[self.of_all.indices].mean()) if self.of_all.nnz else 0.0

    def places(self, guess: Guess, scale: float) -> float:
        """Share of the first 20 places that hidden items take with this scale, ranked among all items."""
        users = self.model.users.take(self.users)
        scores = self.model.scores(users)
        scores[:, self.cold] = scale * (guess[0][self.users] @ guess[1].T)
        rows, _ = self._top(scores, users.history, self.cold | self.model.items.known)
        return float(self.cold[rows[rows >= 0]].mean()) if (rows >= 0).any() else 0.0

    def _top(self, scores: Matrix, seen: sp.csr_matrix, allowed: Mask) -> tuple[npt.NDArray[np.int64], Matrix]:
        return top_k(scores, _K, tie_order=tie_order(self.model.items.ids), exclude=seen, allowed=allowed)


def choose(
    guesses: Mapping[Choice, Callable[[Model, Mask], Guess]], trials: Sequence[ColdStartTrial], exposure: float
) -> tuple[Choice, float, dict[Choice, float]]:
    """Choose the method that finds hidden items best, and the scale of its scores.

    Parameters
    ----------
    guesses : Mapping[Choice, Callable[[Model, Mask], Guess]]
        For each choice, a function that guesses the factors of cold items from a model.
    trials : Sequence[ColdStartTrial]
        The trials.
    exposure : float
        Number of places that hidden items should get, in multiples of their share of the hidden clicks.

    Returns
    -------
    tuple[Choice, float, dict[Choice, float]]
        The choice (the first among equals), the scale that gives hidden items this exposure, and the recall of each
        choice.
    """
    found = {
        choice: float(np.mean([trial.found(guess(trial.model, trial.cold)) for trial in trials]))
        for choice, guess in guesses.items()
    }
    best = max(found, key=lambda choice: found[choice])
    pairs = [(trial, guesses[best](trial.model, trial.cold)) for trial in trials]
    deserved = exposure * np.mean([trial.deserved() for trial in trials])
    low, high = np.log(_LEAST), np.log(_MOST)
    for _ in range(_HALVINGS):  # the number of places grows with the scale, where scores are positive
        middle = (low + high) / 2
        places = np.mean([trial.places(guess, float(np.exp(middle))) for trial, guess in pairs])
        low, high = (middle, high) if places < deserved else (low, middle)
    return best, float(np.exp((low + high) / 2)), found

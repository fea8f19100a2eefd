"""How well a guess at cold items does, tried on items that are not cold: hide them, learn, and see who is found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.ranking import lots, top_k
from visrec_cli.tables.columns import Mask, Matrix

Choice = TypeVar("Choice")
Guess = tuple[Matrix, Matrix]  # (users, d) and (items, d), whose products are the scores of cold items

_HIDDEN = 0.2  # of the items, and of the clicks on all others
_USERS = 1_000  # that are asked
_K = 20
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)


@dataclass(frozen=True)
class Trial:
    """A model that has not seen some of the items, and some of the clicks on the others.

    users: rows that are asked. cold: (items,) bool. of_cold: (users asked, items) all clicks on hidden items. of_all:
    hidden clicks of both kinds, each hidden with the same chance, as a new item has not had all its clicks at once.
    """

    model: Model
    users: Sequence[int]
    cold: Mask
    of_cold: sp.csr_matrix
    of_all: sp.csr_matrix

    @classmethod
    def of(cls, log: Log, known: Mask, learn: Callable[[Log], Model], seed: Sequence[int]) -> "Trial":
        """Hide a fifth of the ``known`` items and a fifth of the other clicks, and ``learn`` from the rest."""
        rng = np.random.default_rng(seed)
        cold = np.zeros(len(log.items), bool)
        candidates = np.flatnonzero(known)
        cold[rng.choice(candidates, max(int(_HIDDEN * len(candidates)), 1), replace=False)] = True
        on_cold, drawn = cold[log.matrix.indices], rng.random(log.matrix.nnz) < _HIDDEN
        of_cold, of_all = log.only(on_cold).matrix, log.only(drawn).matrix
        asked = np.flatnonzero(np.diff(of_cold.indptr))
        asked = np.sort(rng.choice(asked, min(_USERS, len(asked)), replace=False))
        return cls(learn(log.only(~on_cold & ~drawn)), asked.tolist(), cold, of_cold[asked], of_all[asked])

    def found(self, guess: Guess, scale: float | None = None) -> float:
        """Mean recall@20 of the hidden clicks: among the cold items, or with a scale among all."""
        users = self.model.users.take(self.users)
        cold = guess[0][self.users] @ guess[1].T
        if scale is None:
            scores, truth, allowed = cold, self.of_cold, self.cold
        else:
            scores, truth, allowed = self.model.scores(users), self.of_all, self.cold | self.model.items.known
            scores[:, self.cold] = scale * cold[:, self.cold]
        rows, _ = top_k(scores, _K, lots=lots(self.model.items.ids), exclude=users.history, allowed=allowed)
        asked = np.flatnonzero(np.diff(truth.indptr))
        right = [np.isin(rows[u], truth.indices[truth.indptr[u] : truth.indptr[u + 1]]).sum() for u in asked]
        return float(np.mean(np.array(right) / np.diff(truth.indptr)[asked])) if len(asked) else 0.0


def choose(
    guesses: Mapping[Choice, Callable[[Model], Guess]], trials: Sequence[Trial]
) -> tuple[Choice, float, dict[Choice, float]]:
    """``(choice, scale, recall of each choice)``: who finds hidden cold items best, and its best scale among all items.

    The first wins among equals; of the scales, the one nearest to 1.
    """
    found: dict[Choice, float] = {}
    kept: dict[Choice, list[Guess]] = {}
    for choice, guess in guesses.items():
        made = [guess(trial.model) for trial in trials]
        found[choice] = float(np.mean([trial.found(one) for trial, one in zip(trials, made, strict=True)]))
        if found[choice] == max(found.values()):
            kept = {choice: made}
    best = max(found, key=lambda choice: found[choice])
    pairs = list(zip(trials, kept.get(best, [guesses[best](trial.model) for trial in trials]), strict=True))
    scores = {scale: float(np.mean([trial.found(one, scale) for trial, one in pairs])) for scale in SCALES}
    scale = min(SCALES, key=lambda scale: (-scores[scale], abs(np.log(scale))))
    return best, scale, found

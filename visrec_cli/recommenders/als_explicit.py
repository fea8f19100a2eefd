"""Matrix factorisation of ratings by alternating least squares."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.base import Arrays, Iterative, Setting
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.kernels.rows import Rows
from visrec_cli.recommenders.model import Model, Users
from visrec_cli.recommenders.ratings import centre, new_users, objective, rating_model, ridge
from visrec_cli.tables.columns import Matrix


class AlsExplicit(Iterative):
    """Factors and biases that predict ratings with the least squared error over those that were given.

        L = sum over ratings of (r(u, i) - μ - b(u) - b(i) - x(u)·y(i))²
            + reg · (sum over u of n(u) (|x(u)|² + b(u)²) + sum over i of n(i) (|y(i)|² + b(i)²))

    n = number of ratings. A bias is the factor whose partner is fixed at 1, so each row is one ridge regression, solved
    exactly. Source: Zhou, Wilkinson, Schreiber & Pan 2008 (regularisation weighted by n); biases as in Koren, Bell &
    Volinsky 2009, eq. 4. Runs on the CPU whatever the device.
    """

    name = "als-explicit"
    summary = "predicts ratings (stars) rather than clicks; steady, no learning rate to tune"
    predicts_ratings = True
    settings = {  # noqa: RUF012
        "embedding_size": Setting(32, "numbers per user and item", 8, 128, log=True, least=1),
        "epochs": Setting(15, "rounds of users, then items", least=1),
        "reg": Setting(0.12, "strength of the regularisation", 0.01, 0.5, log=True, least=0),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Biases of zero, small random factors for whoever rated or was rated."""
        self._log = log
        self._mean = centre(log.matrix)
        self._sides = [Rows.of(log.matrix), Rows.of(log.matrix.T.tocsr())]
        rng, width = np.random.default_rng(self.seed), self.set["embedding_size"]
        self._factors: list[Matrix] = []  # of each side: its bias, then its factors
        for side in self._sides:
            own = 0.1 * rng.standard_normal((len(side.active), 1 + width), np.float32)
            own[:, 0] = 0
            self._factors.append(own * side.active[:, None])

    def epoch(self, number: int) -> float:
        """All users, then all items. Returns L at the end of it, per rating."""
        for side in (0, 1):
            self._factors[side] = ridge(self._sides[side], self._factors[1 - side], self._mean, self.set["reg"])
        users, items = self._factors
        return objective(self._log.matrix, self._mean, users, items, self.set["reg"])

    def model(self) -> Model:
        """Users and items with biases and factors; items that nobody rated are not known."""
        return rating_model(self, self._log, self._mean, *self._factors)

    def state(self) -> Arrays:
        """Biases and factors of both sides."""
        return dict(zip(("users", "items"), self._factors, strict=True))

    def restore(self, state: Arrays) -> None:
        """Go on from there."""
        self._factors = [np.array(state[name], np.float32) for name in ("users", "items")]

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The exact minimum of L for each user, items fixed."""
        return new_users(model, ids, history, times)

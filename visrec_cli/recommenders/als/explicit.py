"""Matrix factorisation of ratings by alternating least squares."""

from visrec_cli.recommenders.base import Setting
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.kernels.sparse_rows import Rows
from visrec_cli.recommenders.rating_factors import RatingFactors, objective, ridge


class AlsExplicit(RatingFactors):
    """Factors and biases that minimise the squared error over the observed ratings.

        L = sum over ratings of (r(u, i) - μ - b(u) - b(i) - x(u)·y(i))²
            + reg · (sum over u of n(u) (|x(u)|² + b(u)²) + sum over i of n(i) (|y(i)|² + b(i)²))

    n = number of ratings. A bias is the factor whose partner is fixed at 1, so each row is one ridge regression, solved
    exactly. Runs on the CPU, whatever the device.

    References
    ----------
    Zhou, Wilkinson, Schreiber & Pan 2008 (regularisation weighted by n); biases: Koren, Bell & Volinsky 2009, eq. 4.
    """

    name = "als-explicit"
    summary = "predicts ratings (stars) rather than clicks; stable, no learning rate to tune"
    settings = {  # noqa: RUF012
        "embedding_size": Setting(32, "numbers per user and item", 8, 128, log=True, least=1),
        "epochs": Setting(15, "rounds of users, then items", least=1),
        "reg": Setting(0.12, "strength of the regularisation", 0.01, 0.5, log=True, least=1e-6),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Initialise biases to zero, and factors to small random numbers."""
        super().start(log, content)
        self._sides = [Rows.of(log.matrix), Rows.of(log.matrix.T.tocsr())]

    def epoch(self, number: int) -> float:
        """Solve for all users, then for all items. Returns L after that, per rating."""
        for side in (0, 1):
            self._factors[side] = ridge(self._sides[side], self._factors[1 - side], self._mean, self.set["reg"])
        users, items = self._factors
        return objective(self._log.matrix, self._mean, users, items, self.set["reg"])

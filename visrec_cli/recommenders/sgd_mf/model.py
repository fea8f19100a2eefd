"""Matrix factorisation of ratings by stochastic gradient descent."""

import numpy as np

from visrec_cli.recommenders.base import Setting
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.kernels.blocks import deal
from visrec_cli.recommenders.rating_factors import RatingFactors


class SgdMf(RatingFactors):
    """Factors and biases that predict ratings, learned one rating at a time.

        L = sum over ratings of (r(u, i) - μ - b(u) - b(i) - x(u)·y(i))² + reg · (|x(u)|² + |y(i)|² + b(u)² + b(i)²)

    The regularisation is part of each rating's term, so rows are regularised in proportion to their number of ratings,
    as in als-explicit. The step size decreases: learning_rate / (1 + 0.05 · (epoch - 1)). Runs on the CPU, whatever the
    device: a step is too small for a GPU.

    References
    ----------
    Koren, Bell & Volinsky 2009, eqs. 4-5.
    """

    name = "sgd-mf"
    summary = "predicts ratings (stars), trained one rating at a time; cheaper than als-explicit with many factors"
    settings = {  # noqa: RUF012
        "embedding_size": Setting(64, "numbers per user and item", 8, 256, log=True, least=1),
        "epochs": Setting(40, "passes over the ratings", least=1),
        "learning_rate": Setting(0.02, "initial step size", 0.003, 0.1, log=True, least=1e-6),
        "reg": Setting(0.1, "strength of the regularisation", 0.01, 0.3, log=True, least=0),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Initialise biases to zero, and factors to small random numbers."""
        super().start(log, content)
        self._rows = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr))
        self._columns, self._touched = log.matrix.indices.astype(np.int64), np.flatnonzero(log.touched)

    def epoch(self, number: int) -> float:
        """Train on each rating once. Returns the mean squared error, before each step."""
        from visrec_cli.recommenders.sgd_mf.kernel import learn

        rng, ratings = np.random.default_rng([self.seed, number]), self._log.matrix
        blocks = deal(self._rows, self._columns, ratings.shape[0], self._touched, ratings.shape[1], rng)
        rate = np.float32(self.set["learning_rate"] / (1 + 0.05 * (number - 1)))
        users, items = self._factors
        squares = learn(
            blocks.order, blocks.starts, len(blocks.member_starts) - 1, self._rows, self._columns,
            ratings.data, np.float32(self._mean), users, items, rate, np.float32(self.set["reg"]),
        )  # fmt: skip
        return float(squares.sum() / max(ratings.nnz, 1))

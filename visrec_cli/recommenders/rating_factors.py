"""Base of recommenders that predict ratings.

    rating(u, i) = μ + b(u) + b(i) + x(u)·y(i)

Both sides are kept as (rows, 1 + f): the bias, then the factors.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.base import Arrays, Iterative
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.kernels.sparse_rows import Rows
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix


def centre(ratings: sp.csr_matrix) -> float:
    """The mean rating, 0 if there are none."""
    return float(ratings.data.mean(dtype=np.float64)) if ratings.nnz else 0.0


def ridge(side: Rows, other: Matrix, mean: float, reg: float) -> Matrix:
    """Solve for the biases and factors of one side, with the other side fixed.

    For each row with its n ratings they minimise

        sum of (rating - μ - b - b(other) - x·y(other))² + reg · n · (b² + |x|²)

    Parameters
    ----------
    side : Rows
        The ratings, by rows of the side to solve for.
    other : Matrix
        (columns, 1 + f) biases and factors of the fixed side.
    mean : float
        The mean rating μ.
    reg : float
        Strength of the regularisation.

    Returns
    -------
    Matrix
        (rows, 1 + f) float32 biases and factors.
    """
    from visrec_cli.recommenders.als.kernel import solve

    width = other.shape[1]
    partners = other.copy()
    partners[:, 0] = 1  # the factor that a bias is multiplied with
    targets = side.weights - np.float32(mean) - other[side.columns, 0]
    regs = np.float32(reg) * np.diff(side.indptr).astype(np.float32)
    rows = np.zeros((len(regs), width), np.float32)
    base = np.zeros((width, width), np.float32)
    solve(side.tasks, side.indptr, side.columns, np.ones_like(targets), targets, partners, base, regs, rows)
    return rows


def errors(ratings: sp.csr_matrix, mean: float, users: Matrix, items: Matrix) -> npt.NDArray[np.float32]:
    """(nnz,) float32 ratings minus predictions."""
    rows = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    wrong = ratings.data - np.float32(mean) - users[rows, 0] - items[ratings.indices, 0]
    block = 1 << 18  # entries at a time, to bound memory
    for begin in range(0, len(wrong), block):
        some = slice(begin, begin + block)
        wrong[some] -= np.einsum("ij,ij->i", users[rows[some], 1:], items[ratings.indices[some], 1:])
    return wrong


def objective(ratings: sp.csr_matrix, mean: float, users: Matrix, items: Matrix, reg: float) -> float:
    """Squared error plus reg · n · (b² + |x|²) of each user and item, per rating."""
    total = np.sum(errors(ratings, mean, users, items) ** 2, dtype=np.float64)
    counts = np.diff(ratings.indptr), np.bincount(ratings.indices, minlength=ratings.shape[1])
    for side, n in zip((users, items), counts, strict=True):
        total += reg * np.sum(n * np.einsum("ij,ij->i", side, side), dtype=np.float64)
    return float(total / max(ratings.nnz, 1))


class RatingFactors(Iterative):
    """A recommender with a bias and some factors for each user and item that has ratings."""

    predicts_ratings = True

    def start(self, log: Log, content: Content | None) -> None:
        """Initialise biases to zero, and factors to small random numbers."""
        self._log, self._mean = log, centre(log.matrix)
        rng, width = np.random.default_rng(self.seed), self.set["embedding_size"]
        self._factors: list[Matrix] = []  # of each side: its bias, then its factors
        for active in (np.diff(log.matrix.indptr) > 0, log.touched):
            own = np.float32(0.1) * rng.standard_normal((len(active), 1 + width), np.float32)
            own[:, 0] = 0
            self._factors.append(own * active[:, None])

    def model(self) -> Model:
        """Users and items with biases and factors; items without ratings are not known."""
        users, items = self._factors
        return Model(
            self.name,
            self.set,
            users_of(self._log, factors=users[:, 1:].copy(), bias=users[:, 0].copy()),
            Items(self._log.items, self._log.touched, items[:, 1:].copy(), items[:, 0].copy()),
            (("behaviour", users.shape[1] - 1),),
            self._mean,
        )

    def state(self) -> Arrays:
        """Biases and factors of both sides."""
        return dict(zip(("users", "items"), self._factors, strict=True))

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state."""
        self._factors = [np.array(state[name], np.float32) for name in ("users", "items")]

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        if model.items.factors is not None:
            origin.require_shape(model.items.factors, (None, model.settings["embedding_size"]), "factors")

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The exact minimum of ``ridge`` for each user, with the items fixed."""
        items = np.zeros((len(model.items.ids), 1 + model.settings["embedding_size"]), np.float32)
        if model.items.factors is not None and model.items.bias is not None:
            items[:, 0], items[:, 1:] = model.items.bias, model.items.factors
        users = ridge(Rows.of(history), items, model.offset, model.settings["reg"])
        return Users(tuple(ids), history, times, users[:, 1:].copy(), users[:, 0].copy())

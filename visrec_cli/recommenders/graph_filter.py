"""Graph filtering of interactions, in closed form."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.model_requirements import factors_of, state_of
from visrec_cli.recommenders.neighbours.base import nearest, share_of_clicks, weighted
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix


class GraphFilter(Recommender):
    """A history passed through two low-pass filters of the item graph (GF-CF).

        R̃ = D_U^(-user_damping/2) · R · D_I^(-item_damping/2)
        score(u) = r_u · (R̃ᵀR̃ + alpha · D_I^(-item_damping/2) · V Vᵀ · D_I^(item_damping/2))
                   + popularity · clicks / max clicks

    R holds the clicks, D_U and D_I the number of clicks of each user and item, V the first ``embedding_size`` right
    singular vectors of R̃. The first filter is local, and kept for the k nearest items of each item; the second is
    global, and gives the factors of the model. Both dampings are 1 in the paper; a smaller item_damping favours popular
    items.

    References
    ----------
    Shen et al. 2021, eq. 17.
    """

    name = "graph-filter"
    summary = "for large and sparse logs: neighbours, smoothed by the main tastes of all users; closed form"
    item_state: ClassVar[tuple[str, ...]] = ("voice",)
    settings: ClassVar[dict[str, Setting]] = {
        "embedding_size": Setting(64, "main tastes (singular vectors) kept", 16, 512, log=True, least=1),
        "alpha": Setting(0.5, "weight of the main tastes", 0.01, 3, log=True, least=0),
        "k": Setting(200, "nearest items kept of each item", 50, 800, log=True, least=1),
        "user_damping": Setting(
            0.75, "1: active users count no more than others; 0: every click counts equally", 0, 1.5, least=0
        ),
        "item_damping": Setting(0.4, "1: as in the paper; less favours popular items", 0, 1, least=0),
        "popularity": Setting(
            0.01, "weight of popularity, which decides if the history does not", 1e-4, 1, log=True, least=0
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Multiply the sparse matrices, and compute a truncated singular value decomposition (randomised, seeded)."""
        root = np.maximum(log.clicks_of_items, 1.0) ** (self.set["item_damping"] / 2)
        scaled = weighted(log.matrix, "plain", damping=self.set["user_damping"])
        scaled = sp.csr_matrix(scaled.multiply(1 / root[None, :]))
        columns = scaled.T.tocsr()
        near = nearest(columns, columns, self.set["k"], itself=np.arange(len(log.items)))
        links = near.T.tocsr()
        links.sort_indices()
        factors = (self._tastes(scaled) * root[:, None]).astype(np.float32)
        weights = (self.set["alpha"] / root**2).astype(np.float32)
        users = users_of(log, factors=_smoothed(log.matrix, factors, weights))
        items = Items(log.items, log.touched, factors, share_of_clicks(log, self.set["popularity"]), links)
        return Model(self.name, self.set, users, items, (("behaviour", factors.shape[1]),), state={"voice": weights})

    def _tastes(self, scaled: sp.csr_matrix) -> npt.NDArray[np.float64]:
        """(items, size) right singular vectors, in descending order of their values."""
        size = min(self.set["embedding_size"], *scaled.shape)
        if not scaled.nnz:
            return np.zeros((scaled.shape[1], size))
        from sklearn.utils.extmath import randomized_svd

        seed = self.seed % 2**32  # scikit-learn takes no larger ones
        _, values, right = randomized_svd(scaled, size, n_iter=5, random_state=seed)
        right[values <= 1e-9 * values[0]] = 0  # directions without clicks hold only noise of the solver
        return np.asarray(right.T, np.float64)

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        state_of(model, origin, "voice", (len(factors_of(model, origin)),))
        if model.items.neighbours is None:
            raise origin.wrong("the items", "they have no neighbours, which graph-filter needs")

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The same filters, applied to new histories."""
        return Users(tuple(ids), history, times, _smoothed(history, model.items.factors, model.state["voice"]))

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Exact: both filters are sums over the history."""
        history, factors, links = users.history[row], model.items.factors, model.items.neighbours
        assert factors is not None
        assert links is not None
        own_items = history.indices
        contributions = links[own_items][:, items].toarray()
        contributions += model.state["voice"][own_items, None] * (factors[own_items] @ factors[items].T)
        return (history.data[:, None] * contributions).astype(np.float32)


def _smoothed(history: sp.csr_matrix, factors: Matrix | None, weights: npt.NDArray[np.float32]) -> Matrix:
    assert factors is not None
    return np.asarray(history @ (factors * weights[:, None]), np.float32)

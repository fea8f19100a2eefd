"""Content-based nearest neighbours: needs no interactions of other users."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.content_projection import required
from visrec_cli.recommenders.data import DAY, Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.model_requirements import factors_of, state_of
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix


class ContentKnn(Recommender):
    """A user is the weighted mean of the vectors of liked items; items are ranked by cosine to it.

        score(u, i) = cos(sum over j in history(u) of w(u, j) · 2^(-age / half_life) · x_j, x_i)

    x are the items' vectors, minus the mean of the catalogue with ``centre``: what all items share does not help to
    choose. The parts of the vectors are kept apart, so that a score is the sum of the contributions of picture and
    text.

    References
    ----------
    Rocchio 1971, without negative examples; Pazzani & Billsus 2007, section 10.4.
    """

    name = "content-knn"
    summary = "more of the same by picture and text: for new items, new shops, and as a baseline for cold items"
    needs_content = True
    uses_content = True
    settings: ClassVar[dict[str, Setting]] = {
        "centre": Setting(True, "subtract the mean vector of the catalogue", choices=(True, False)),
        "half_life": Setting(
            0.0,
            "days before the user's newest click after which a click counts half; 0: never",
            least=0,
            needs=("times",),
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Compute the mean vector of each user; items without a vector are not known.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None, default=None
            Vectors of the items, in the order of ``log.items``.
        callback : TrainingCallback | None, default=None
            Ignored.

        Returns
        -------
        Model
            The trained model.

        Raises
        ------
        UsageError
            If there are no vectors, or clicks are to age and the log has no dates.
        """
        content = required(content, self.name)
        if self.set["half_life"]:
            log.require_dates("content-knn with a half_life")
        width = content.vectors.shape[1]
        mean = np.zeros(width, np.float32)
        if self.set["centre"] and content.valid.sum() > 1:
            mean = content.vectors[content.valid].mean(axis=0, dtype=np.float64).astype(np.float32)
        vectors = _centred(content, mean)
        items = Items(log.items, content.valid.copy(), vectors)
        model = Model(self.name, self.set, users_of(log), items, content.parts, state={"mean": mean})
        return replace(model, users=self.fold_in(model, log.users, log.matrix, log.times))

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        state_of(model, origin, "mean", (factors_of(model, origin).shape[1],))

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The mean vector of each history."""
        weights = _faded(history, times, model.settings)
        return Users(tuple(ids), history, times, _unit(weights @ model.items.factors))

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """All items that have a vector."""
        return Items(tuple(ids), content.valid.copy(), _centred(content, model.state["mean"]))

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Exact: the part of the mean that comes from each item of the history."""
        one, factors = users.take([row]), model.items.factors
        assert factors is not None
        weights = _faded(one.history, one.times, model.settings)
        own = weights.data[:, None] * factors[weights.indices]
        length = np.linalg.norm(own.sum(axis=0))
        return np.asarray(own @ factors[items].T / (length if length > 0 else 1), np.float32)


def _centred(content: Content, mean: npt.NDArray[np.float32]) -> Matrix:
    return _unit((content.vectors - mean) * content.valid[:, None])


def _unit(vectors: Matrix) -> Matrix:
    """Rows scaled to length 1; rows that are too short to have a direction become zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    nonzero = length > 1e-6
    return np.asarray(vectors / np.where(nonzero, length, 1) * nonzero, np.float32)


def _faded(history: sp.csr_matrix, times: Times | None, settings: dict[str, Any]) -> sp.csr_matrix:
    """The histories with smaller weights for older clicks; unchanged if there are no times."""
    if settings["half_life"] == 0 or times is None or not history.nnz:
        return history
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    newest = np.full(history.shape[0], np.iinfo(np.int64).min)
    np.maximum.at(newest, rows, times)
    faded = history.data * np.exp2((times - newest[rows]) / (settings["half_life"] * DAY))
    return sp.csr_matrix((faded.astype(np.float32), history.indices, history.indptr), shape=history.shape)

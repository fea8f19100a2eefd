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
    """A user is the weighted mean of the vectors of what they liked; the nearest items by cosine come first.

        score(u, i) = cos(sum over j in history(u) of w(u, j) · 2^(-age / half_life) · x_j, x_i)

    This is the profile of Rocchio (1971) without negative examples, as in Pazzani & Billsus 2007, section 10.4. x are
    the items' vectors, less the mean of the catalogue if ``centre``: what all items share tells nothing. The parts
    of the vectors stay apart, so that a score is the sum of what the picture and the text say.
    """

    name = "content-knn"
    summary = "more of the same by picture and text: for new items, new shops, and as a baseline for cold items"
    needs_content = True
    uses_content = True
    settings: ClassVar[dict[str, Setting]] = {
        "centre": Setting(True, "subtract the mean vector of the catalogue", choices=(True, False)),
        "half_life": Setting(
            0.0, "days after which a click counts half, from the user's newest on; 0: never", least=0, needs=("times",)
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """A mean per user. Items without a vector are unknown. Raises UsageError if clicks age and have no time."""
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
        """The mean of their history."""
        weights = _fading(history, times, model.settings)
        return Users(tuple(ids), history, times, _unit(weights @ model.items.factors))

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """All that have a vector."""
        return Items(tuple(ids), content.valid.copy(), _centred(content, model.state["mean"]))

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Exact: each item of the history brings its part of the mean."""
        one, factors = users.take([row]), model.items.factors
        assert factors is not None
        weights = _fading(one.history, one.times, model.settings)
        own = weights.data[:, None] * factors[weights.indices]
        length = np.linalg.norm(own.sum(axis=0))
        return np.asarray(own @ factors[items].T / (length if length > 0 else 1), np.float32)


def _centred(content: Content, mean: npt.NDArray[np.float32]) -> Matrix:
    return _unit((content.vectors - mean) * content.valid[:, None])


def _unit(vectors: Matrix) -> Matrix:
    """Rows of length 1; what is too short to point anywhere is zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    nonzero = length > 1e-6
    return np.asarray(vectors / np.where(nonzero, length, 1) * nonzero, np.float32)


def _fading(history: sp.csr_matrix, times: Times | None, settings: dict[str, Any]) -> sp.csr_matrix:
    """The histories with older clicks weighing less; as they are if nothing is known of times."""
    if settings["half_life"] == 0 or times is None or not history.nnz:
        return history
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    newest = np.full(history.shape[0], np.iinfo(np.int64).min)
    np.maximum.at(newest, rows, times)
    faded = history.data * np.exp2((times - newest[rows]) / (settings["half_life"] * DAY))
    return sp.csr_matrix((faded.astype(np.float32), history.indices, history.indptr), shape=history.shape)

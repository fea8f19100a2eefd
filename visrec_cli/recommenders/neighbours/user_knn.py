"""User-based nearest neighbours, by the items that both users clicked."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.neighbours.base import WEIGHTINGS, lengths, nearest, share_of_clicks, weighted


class UserKnn(Recommender):
    """Users are similar if they click the same items.

        score(u, i) = popularity · clicks(i) / max clicks + sum over v in nearest(u) of s(u, v) · w(v, i)
        s(u, v) = y_u·y_v / (|y_u| · |y_v|^(2·neighbour_damping) + shrinkage)

    where y_u holds the clicks of u, weighted by item (see ``neighbours.base.weighted``). With neighbour_damping 0.5, s
    is the cosine; with more, active users count less.

    References
    ----------
    Breese et al. 1998, eq. 3, for likes.
    """

    name = "user-knn"
    summary = "people like you clicked that: good with many active users; fold-in compares with all of them"
    settings: ClassVar[dict[str, Setting]] = {
        "k": Setting(150, "nearest users kept of each user", 20, 800, log=True, least=1),
        "weighting": Setting("plain", "how clicks are weighted: plain, tfidf or bm25", choices=WEIGHTINGS),
        "item_damping": Setting(
            0.5, "1: common clicks on popular items count less; 0: all count equally", 0, 1.5, least=0
        ),
        "neighbour_damping": Setting(0.6, "how much less active neighbours count", 0, 1, least=0),
        "shrinkage": Setting(0.0, "lowers similarities of users with few common items", least=0),
        "popularity": Setting(
            0.3, "weight of popularity, which decides if the neighbours do not", 1e-4, 1, log=True, least=0
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Compute the nearest users of each user; the model is as large as the log."""
        near = _neighbours(log.matrix, log.matrix, self.set, np.arange(len(log.users)))
        items = Items(log.items, log.touched, bias=share_of_clicks(log, self.set["popularity"]))
        return Model(self.name, self.set, users_of(log, neighbours=near), items)

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """Compare each history with all users of the model, except the user itself."""
        place = {one: row for row, one in enumerate(model.users.ids)}
        itself = np.array([place.get(one, -1) for one in ids], np.int64)
        near = _neighbours(history, model.users.history, model.settings, itself)
        return Users(tuple(ids), history, times, neighbours=near)


def _neighbours(
    clicks_of: sp.csr_matrix, everybody: sp.csr_matrix, settings: dict[str, Any], itself: npt.NDArray[np.int64]
) -> sp.csr_matrix:
    """(users, everybody) csr: similarity of each user to the nearest; both sides are given as (n, items) clicks."""
    known = _likes(everybody).T.tocsr()
    scaled, others = (
        weighted(clicks, settings["weighting"], damping=settings["item_damping"], within=known).T.tocsr()
        for clicks in (_likes(clicks_of).T.tocsr(), known)
    )
    norms = np.sqrt(np.maximum(lengths(scaled), 1e-12))
    other_norms = np.maximum(lengths(others), 1e-12) ** settings["neighbour_damping"]
    near = nearest(
        scaled,
        others,
        settings["k"],
        norms=norms,
        other_norms=other_norms,
        shrinkage=settings["shrinkage"],
        itself=itself,
    )
    near.sort_indices()
    return near


def _likes(history: sp.csr_matrix) -> sp.csr_matrix:
    """The history without items that were not liked (weight 0)."""
    likes = sp.csr_matrix(history, copy=True)
    likes.eliminate_zeros()
    return likes

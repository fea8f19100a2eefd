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
    """Users are alike if they click the same items.

        score(u, i) = popularity · clicks(i) / max clicks + sum over v in nearest(u) of s(u, v) · w(v, i)
        s(u, v) = y_u·y_v / (|y_u| · |y_v|^(2·neighbour_damping) + shrinkage)

    where y_u holds the clicks of u weighted by the items (see ``neighbours.base.weighted``, turned round). A
    neighbour_damping of .5 is the cosine (Breese et al. 1998, eq. 3, for likes); more trusts busy users less.
    """

    name = "user-knn"
    summary = "people like you clicked that: good where users are many and busy; fold-in compares with all of them"
    settings: ClassVar[dict[str, Setting]] = {
        "k": Setting(150, "users that speak for a user", 20, 800, log=True, least=1),
        "weighting": Setting("plain", "how clicks are weighed: plain, tfidf or bm25", choices=WEIGHTINGS),
        "item_damping": Setting(
            0.5, "1: popular items make nobody alike; 0: each common click counts", 0, 1.5, least=0
        ),
        "neighbour_damping": Setting(0.6, "how much less a busy user says", 0, 1, least=0),
        "shrinkage": Setting(0.0, "distrust of users with few common items", least=0),
        "popularity": Setting(0.3, "what popularity adds where the neighbours are silent", 1e-4, 1, log=True, least=0),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Nothing but the likeness of users is computed; the model is as large as the log."""
        near = _neighbours(log.matrix, log.matrix, self.set, np.arange(len(log.users)))
        items = Items(log.items, log.touched, bias=share_of_clicks(log, self.set["popularity"]))
        return Model(self.name, self.set, users_of(log, neighbours=near), items)

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """Compares each history with all users of the model, themselves left out."""
        place = {one: row for row, one in enumerate(model.users.ids)}
        themselves = np.array([place.get(one, -1) for one in ids], np.int64)
        near = _neighbours(history, model.users.history, model.settings, themselves)
        return Users(tuple(ids), history, times, neighbours=near)


def _neighbours(
    some: sp.csr_matrix, everybody: sp.csr_matrix, settings: dict[str, Any], themselves: npt.NDArray[np.int64]
) -> sp.csr_matrix:
    """(some, everybody): likeness of each to the nearest, both given as (n, items) clicks."""
    known = _likes(everybody).T.tocsr()
    scaled, theirs = (
        weighted(clicks, settings["weighting"], damping=settings["item_damping"], within=known).T.tocsr()
        for clicks in (_likes(some).T.tocsr(), known)
    )
    own = np.sqrt(np.maximum(lengths(scaled), 1e-12))
    other = np.maximum(lengths(theirs), 1e-12) ** settings["neighbour_damping"]
    near = nearest(
        scaled, theirs, settings["k"], own=own, theirs=other, shrinkage=settings["shrinkage"], itself=themselves
    )
    near.sort_indices()
    return near


def _likes(history: sp.csr_matrix) -> sp.csr_matrix:
    """Without what was met and not liked."""
    likes = sp.csr_matrix(history, copy=True)
    likes.eliminate_zeros()
    return likes

"""Item-based nearest neighbours, by the users who clicked both items."""

from typing import ClassVar

import numpy as np

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Items, Model, users_of
from visrec_cli.recommenders.neighbours.base import WEIGHTINGS, lengths, nearest, share_of_clicks, weighted


class ItemKnn(Recommender):
    """Items are alike if the same people click them.

        score(u, i) = popularity · clicks(i) / max clicks + sum over j in history(u) of w(u, j) · s(j → i)
        s(j → i) = x_j·x_i / (|x_j|^(2·speaker_damping) · |x_i|^(2·target_damping) + shrinkage)

    where x_i holds the weighted clicks on i (see ``neighbours.base.weighted``), and s is kept for the k strongest j of
    each i. Dampings of .5 are the cosine (Sarwar et al. 2001; Deshpande & Karypis 2004). With speaker_damping = a and
    target_damping = 1 - a it is the asymmetric cosine of Aiolli 2013; with user_damping 1 it is the random walk
    item → user → item of RP3β (Paudel et al. 2017). The last term of the score decides only where the history has
    little to say: among items without a common click.
    """

    name = "item-knn"
    summary = "people who clicked this also clicked that: quick, easy to explain, hard to beat"
    settings: ClassVar[dict[str, Setting]] = {
        "k": Setting(100, "items that speak for an item", 20, 400, log=True, least=1),
        "weighting": Setting("plain", "how clicks are weighed: plain, tfidf or bm25", choices=WEIGHTINGS),
        "user_damping": Setting(
            0.75, "1: busy users have no more say than others; 0: each click counts", 0, 1.5, least=0
        ),
        "speaker_damping": Setting(0.4, "how much less a popular item of the history says", 0, 1, least=0),
        "target_damping": Setting(0.1, "how much popular candidates are held back; 0: not at all", 0, 0.75, least=0),
        "shrinkage": Setting(0.0, "distrust of items with few common users", least=0),
        "popularity": Setting(0.03, "what popularity adds where the history is silent", 1e-4, 1, log=True, least=0),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """A product of sparse matrices, of which a row at a time is looked through."""
        columns = weighted(log.matrix, self.set["weighting"], damping=self.set["user_damping"]).T.tocsr()
        length = lengths(columns)
        target, other_norms = (
            np.where(length > 0, length, 1) ** self.set[name] for name in ("target_damping", "speaker_damping")
        )
        speaking = nearest(
            columns,
            columns,
            self.set["k"],
            own=target,
            theirs=other_norms,
            shrinkage=self.set["shrinkage"],
            itself=np.arange(len(log.items)),
        )
        links = speaking.T.tocsr()
        links.sort_indices()
        items = Items(log.items, log.touched, bias=share_of_clicks(log, self.set["popularity"]), neighbours=links)
        return Model(self.name, self.set, users_of(log), items)

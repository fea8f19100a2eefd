"""Item-based nearest neighbours, by the users who clicked both items."""

from typing import ClassVar

import numpy as np

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Items, Model, users_of
from visrec_cli.recommenders.neighbours.base import WEIGHTINGS, lengths, nearest, share_of_clicks, weighted


class ItemKnn(Recommender):
    """Items are similar if the same users click them.

        score(u, i) = popularity · clicks(i) / max clicks + sum over j in history(u) of w(u, j) · s(j → i)
        s(j → i) = x_j·x_i / (|x_j|^(2·speaker_damping) · |x_i|^(2·target_damping) + shrinkage)

    where x_i holds the weighted clicks on i (see ``neighbours.base.weighted``), and s is kept for the k most similar j
    of each i. With both dampings 0.5, s is the cosine. With speaker_damping = a and target_damping = 1 - a it is the
    asymmetric cosine; with user_damping 1 it is the random walk item → user → item of RP3β. The popularity term decides
    only among items without a common click.

    References
    ----------
    Sarwar et al. 2001; Deshpande & Karypis 2004; asymmetric cosine: Aiolli 2013; RP3β: Paudel et al. 2017.
    """

    name = "item-knn"
    summary = "people who clicked this also clicked that: fast, easy to explain, hard to beat"
    settings: ClassVar[dict[str, Setting]] = {
        "k": Setting(100, "nearest items kept of each item", 20, 400, log=True, least=1),
        "weighting": Setting("plain", "how clicks are weighted: plain, tfidf or bm25", choices=WEIGHTINGS),
        "user_damping": Setting(
            0.75, "1: active users count no more than others; 0: every click counts equally", 0, 1.5, least=0
        ),
        "speaker_damping": Setting(0.4, "how much less popular items of the history count", 0, 1, least=0),
        "target_damping": Setting(0.1, "how much popular candidates are held back; 0: not at all", 0, 0.75, least=0),
        "shrinkage": Setting(0.0, "lowers similarities of items with few common users", least=0),
        "popularity": Setting(
            0.03, "weight of popularity, which decides if the history does not", 1e-4, 1, log=True, least=0
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Multiply sparse matrices, and keep the nearest items of each row."""
        columns = weighted(log.matrix, self.set["weighting"], damping=self.set["user_damping"]).T.tocsr()
        length = lengths(columns)
        target, other_norms = (
            np.where(length > 0, length, 1) ** self.set[name] for name in ("target_damping", "speaker_damping")
        )
        near = nearest(
            columns,
            columns,
            self.set["k"],
            norms=target,
            other_norms=other_norms,
            shrinkage=self.set["shrinkage"],
            itself=np.arange(len(log.items)),
        )
        links = near.T.tocsr()
        links.sort_indices()
        items = Items(log.items, log.touched, bias=share_of_clicks(log, self.set["popularity"]), neighbours=links)
        return Model(self.name, self.set, users_of(log), items)

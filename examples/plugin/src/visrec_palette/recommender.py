"""``--model after-that``: items that users of the same item liked."""

from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Items, Model, users_of


class AfterThat(Recommender):
    """Confidence of the rule "users who like j also like i", shrunk if few users like j.

        neighbours(j → i) = |users of i and j| / (|users of j| + shrink)

    The model fills one term of visrec's formula, the neighbours of items. Files, new users, blends and explanations
    follow from that.
    """

    name = "after-that"  # the name of the entry point
    summary = "the items that users of the same item like most often; a plain baseline"
    settings: ClassVar[dict[str, Setting]] = {
        "shrink": Setting(
            5.0, "users added to those of every item; larger values trust rare items less", 0, 50, least=0
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Count the users of each pair of items."""
        liked = log.matrix.copy()
        liked.data = np.ones_like(liked.data)
        together = (liked.T @ liked).tocsr()
        together.setdiag(0)
        together.eliminate_zeros()
        scale = sp.diags((1 / np.maximum(log.clicks_of_items + self.set["shrink"], 1)).astype(np.float32))
        neighbours = (scale @ together).tocsr().astype(np.float32)
        neighbours.sort_indices()
        return Model(self.name, self.set, users_of(log), Items(log.items, log.touched, neighbours=neighbours))

"""Collaborative objective: user vectors and the picture model learned together."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective
from visrec_cli.tables.vectors import Rows

_TASTE = 64  # numbers of a user
_JUDGED = 2_000  # held-back likes that are looked at


class CollaborativePreference(Objective):
    """A user likes what he took more than what he did not: −log σ(user · W(picture taken − picture not taken)).

    liked, held: (users, pictures) csr, of which the second is held back. pictures: rows that can be drawn.
    Source: Kang et al. 2017 (DVBPR), here from a model that can see already; W and the users are thrown away.
    """

    metric = "auc"

    def __init__(self, liked: sp.csr_matrix, held: sp.csr_matrix, pictures: Rows, *, seed: int) -> None:
        self._liked, self._pictures, pairs = liked, pictures, held.tocoo()
        rng = np.random.default_rng([seed, 3])
        some = np.sort(rng.permutation(pairs.nnz)[:_JUDGED])
        users, taken = pairs.row[some].astype(np.int64), pairs.col[some].astype(np.int64)
        left = _not_taken(liked + held, users, pictures, rng)
        self._judged = (users, taken, left)
        self.judges = len(users) > 0

    def heads(self, width: int) -> Any:
        """The users, and the projection onto their space."""
        import torch

        users = torch.nn.Embedding(self._liked.shape[0], _TASTE)
        torch.nn.init.normal_(users.weight, std=0.1)
        return torch.nn.ModuleDict({"taste": torch.nn.Linear(width, _TASTE, bias=False), "users": users})

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """Every like once, each with a picture that its user did not take."""
        pairs = self._liked.tocoo()
        order = rng.permutation(pairs.nnz)
        for start in range(0, len(order), max(1, size // 2)):
            some = order[start : start + max(1, size // 2)]
            users, taken = pairs.row[some].astype(np.int64), pairs.col[some].astype(np.int64)
            yield Batch(np.concatenate([taken, _not_taken(self._liked, users, self._pictures, rng)]), users)

    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """See Objective."""
        import torch

        return -torch.nn.functional.logsigmoid(self._margin(vectors, batch.about, heads)).mean()

    def score(self, embed: Embed, heads: Any) -> float:
        """The share of held-back likes that stand above a picture that the user did not take."""
        users, taken, left = self._judged
        rows, places = np.unique(np.concatenate([taken, left]), return_inverse=True)
        return float((self._margin(embed(rows)[places], users, heads) > 0).float().mean())

    def _margin(self, vectors: Any, users: Rows, heads: Any) -> Any:
        import torch

        tastes, n = heads["taste"](vectors), len(users)
        who = heads["users"](torch.from_numpy(users).to(vectors.device))
        return (who * (tastes[:n] - tastes[n:])).sum(dim=1).float()


def _not_taken(liked: sp.csr_matrix, users: Rows, pictures: Rows, rng: np.random.Generator) -> Rows:
    """A picture for each user that is none of his, as far as a few draws find one."""
    drawn: Rows = rng.choice(pictures, len(users))
    for _ in range(10 if len(users) else 0):
        taken = np.asarray(liked[users, drawn]).ravel() > 0
        drawn[taken] = rng.choice(pictures, int(taken.sum()))
    return drawn

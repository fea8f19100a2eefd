"""Collaborative objective: user vectors and the picture model are learned together."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective
from visrec_cli.tables.vectors import Rows

_TASTE = 64  # dimensions of a user's vector
_VALIDATED = 2_000  # largest number of held-back likes to validate with


class CollaborativePreference(Objective):
    """Users prefer pictures that they liked: −log σ(user · W(picture liked − picture not liked)).

    Training starts from a model that is already trained on pictures; W and the users are discarded afterwards.

    Parameters
    ----------
    liked : sp.csr_matrix
        (users, pictures) csr of likes to learn from.
    held : sp.csr_matrix
        (users, pictures) csr of likes held back for validation.
    pictures : Rows
        Rows that pictures without a like are drawn from.
    seed : int
        Seed of the validation pairs.

    Attributes
    ----------
    metric : ClassVar[str], default="auc"
        See ``Objective``.

    References
    ----------
    Kang et al. 2017 (DVBPR).
    """

    metric: ClassVar[str] = "auc"

    def __init__(self, liked: sp.csr_matrix, held: sp.csr_matrix, pictures: Rows, *, seed: int) -> None:
        self._liked, self._pictures, pairs = liked, pictures, held.tocoo()
        rng = np.random.default_rng([seed, 3])
        sample = np.sort(rng.permutation(pairs.nnz)[:_VALIDATED])
        users, liked_pictures = pairs.row[sample].astype(np.int64), pairs.col[sample].astype(np.int64)
        other_pictures = _not_liked(liked + held, users, pictures, rng)
        self._validated = (users, liked_pictures, other_pictures)
        self.judges = len(users) > 0

    def heads(self, width: int) -> Any:
        """The users, and the projection into their space."""
        import torch

        users = torch.nn.Embedding(self._liked.shape[0], _TASTE)
        torch.nn.init.normal_(users.weight, std=0.1)
        return torch.nn.ModuleDict({"taste": torch.nn.Linear(width, _TASTE, bias=False), "users": users})

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """Every like once, each with a picture that its user did not like."""
        pairs = self._liked.tocoo()
        order = rng.permutation(pairs.nnz)
        for start in range(0, len(order), max(1, size // 2)):
            sample = order[start : start + max(1, size // 2)]
            users, liked_pictures = pairs.row[sample].astype(np.int64), pairs.col[sample].astype(np.int64)
            yield Batch(np.concatenate([liked_pictures, _not_liked(self._liked, users, self._pictures, rng)]), users)

    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """See Objective."""
        import torch

        return -torch.nn.functional.logsigmoid(self._margin(vectors, batch.about, heads)).mean()

    def score(self, embed: Embed, heads: Any) -> float:
        """Share of held-back likes that score above a picture that the user did not like."""
        users, liked_pictures, other_pictures = self._validated
        rows, places = np.unique(np.concatenate([liked_pictures, other_pictures]), return_inverse=True)
        return float((self._margin(embed(rows)[places], users, heads) > 0).float().mean())

    def _margin(self, vectors: Any, users: Rows, heads: Any) -> Any:
        import torch

        tastes, n = heads["taste"](vectors), len(users)
        user_vectors = heads["users"](torch.from_numpy(users).to(vectors.device))
        return (user_vectors * (tastes[:n] - tastes[n:])).sum(dim=1).float()


def _not_liked(liked: sp.csr_matrix, users: Rows, pictures: Rows, rng: np.random.Generator) -> Rows:
    """For each user a picture without a like, as far as a few draws find one."""
    drawn: Rows = rng.choice(pictures, len(users))
    for _ in range(10 if len(users) else 0):
        liked_pictures = np.asarray(liked[users, drawn]).ravel() > 0
        drawn[liked_pictures] = rng.choice(pictures, int(liked_pictures.sum()))
    return drawn

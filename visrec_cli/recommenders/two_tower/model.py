"""Two-tower model: a vector per item and per user, close to each other where they match."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.base import Setting
from visrec_cli.recommenders.content_projection import side_by_side
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.neural import NeuralRecommender
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Matrix, Rows


class TwoTower(NeuralRecommender):
    """An item is its id, its picture and its text; a user is an id and the mean of the items in the history.

        v_i = id_i + sum over the parts p of W_p f_ip           s_ui = u_u · v_i / temperature + b_i + β·f_i
        u_u = id_u + H · mean of v_j over the history

    f_i are the principal components of the item's vector. In training, part of each history is hidden, so that the user
    tower has to predict it, and so are the ids of some items, so that the network learns to score items without an id
    (cold ones). The loss is taken over the items i of a user's history, with q(i) the share of clicks on i:

        softmax   -ln softmax(s_u)_i over all items with interactions
        in-batch  the same over the items of the batch, with s - ln q instead of s: for catalogues too large for softmax
        bpr       -ln σ(s_ui - s_uj) with a random j
        bce       -ln σ(s_ui) - ln σ(-s_uj)

    Steps are those of Adam with decoupled weight decay. A GPU sums in any order: two runs agree up to rounding only.

    References
    ----------
    Towers: Covington, Adams & Sargin 2016, section 3; hidden ids: Volkovs, Yu & Poutanen 2017; in-batch: Yi et al.
    2019, eqs. 4-6; bpr: Rendle et al. 2009.
    """

    name: ClassVar[str] = "two-tower"
    summary: ClassVar[str] = "neural towers over ids, pictures, texts and histories; scores new items and new users"
    settings: ClassVar[dict[str, Setting]] = {
        "embedding_size": Setting(64, "numbers per user and item", 16, 256, log=True, least=1),
        "components": Setting(
            64, "principal components kept of each modality", 16, 256, log=True, least=1, needs=("vectors",)
        ),
        "epochs": Setting(30, "passes over the users", least=1),
        "batch_size": Setting(256, "users per step", least=1),
        "learning_rate": Setting(0.003, "step size of Adam", 0.001, 0.03, log=True, least=1e-6),
        "reg": Setting(0.01, "weight decay", 1e-4, 1.0, log=True, least=0),
        "loss": Setting("softmax", "softmax, in-batch, bpr or bce", choices=("softmax", "in-batch", "bpr", "bce")),
        "temperature": Setting(
            1.0, "divisor of the scores; smaller values sharpen the softmax", 0.05, 2.0, log=True, least=1e-3
        ),
        "hidden_history": Setting(
            0.5, "share of a history that is hidden from the user tower in training", 0.1, 0.8, least=0
        ),
        "hidden_ids": Setting(0.2, "share of the items whose id is hidden in a training step", 0.0, 0.6, least=0),
        "user_ids": Setting(True, "whether users have a vector of their own beside the history"),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Project the vectors, and draw small random parameters."""
        features = self._open(log, content)
        self._share = log.clicks_of_items / max(log.matrix.nnz, 1)
        size, rng = self.set["embedding_size"], np.random.default_rng(self.seed)
        ids, users, looks = (self._small(rng, n) for n in (len(log.items), len(log.users), features.shape[1]))
        start = {
            "items": ids * log.touched[:, None],
            "users": users * self.set["user_ids"],
            "bias": np.zeros(len(log.items), np.float32),
            "looks": looks,
            "appeal": np.zeros(features.shape[1], np.float32),
            "history": np.eye(size, dtype=np.float32),
        }
        learned = {name: self._tensor(array).requires_grad_() for name, array in start.items()}
        learned["users"].requires_grad_(self.set["user_ids"])
        self._learn(learned)

    def epoch(self, number: int) -> float:
        """Train for one pass over the users. Returns the mean loss per target."""
        rng = np.random.default_rng([self.seed, number])
        matrix = self._log.matrix
        order = rng.permutation(np.flatnonzero(np.diff(matrix.indptr)))
        total = 0.0
        for start in range(0, len(order), self.set["batch_size"]):
            batch = order[start : start + self.set["batch_size"]]
            total += self._step(batch, matrix[batch], rng) * len(batch)
        return total / max(len(order), 1)

    def _step(self, batch: Rows, targets: sp.csr_matrix, rng: np.random.Generator) -> float:
        from visrec_cli.recommenders.two_tower.towers import loss_of, user_vectors

        shown = targets.copy()
        shown.data *= rng.random(targets.nnz) >= self.set["hidden_history"]
        hidden = rng.random(len(self._log.items)) < self.set["hidden_ids"]
        kept = self._tensor((~hidden).astype(np.float32))
        vectors = kept[:, None] * self._learned["items"] + self._features @ self._learned["looks"]
        bias = kept * self._learned["bias"] + self._features @ self._learned["appeal"]
        users = user_vectors(self._learned, vectors, shown, self._learned["users"][self._tensor(batch)])
        loss = loss_of(self.set["loss"], users / self.set["temperature"], vectors, bias, targets, self._share, rng)
        loss.backward()
        self._adam.step()
        return float(loss.detach())

    def model(self) -> Model:
        """Both towers, evaluated for all known items and users."""
        learned, touched = self._arrays(), self._log.touched
        ids = learned["items"] * touched[:, None]
        factors, bias = self.items_of(learned, self._features.cpu().numpy(), self._widths, ids)
        items = Items(self._log.items, touched | self._valid, factors, learned["bias"] * touched + bias)
        model = self._model(items, {name: learned[name] for name in ("looks", "appeal", "history")})
        users = _users(model, self._log.matrix, learned["users"])
        return replace(model, users=replace(model.users, factors=users))

    @classmethod
    def state_shapes(cls, settings: Mapping[str, Any], components: int, origin: Origin) -> dict[str, Shape]:
        """See NeuralRecommender."""
        size = settings["embedding_size"]
        return {"looks": (components, size), "appeal": (components,), "history": (size, size)}

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The user tower over the history; new users have no vector of their id."""
        no_ids = np.zeros((len(ids), model.settings["embedding_size"]), np.float32)
        return Users(tuple(ids), history, times, _users(model, history, no_ids))

    @classmethod
    def items_of(
        cls, learned: Mapping[str, Any], features: Matrix, widths: Sequence[int], ids: Matrix
    ) -> tuple[Matrix, Matrix]:
        """See NeuralRecommender. The bias is the contribution of the vectors."""
        return side_by_side(ids, features, learned["looks"], widths), features @ learned["appeal"]


def _users(model: Model, history: sp.csr_matrix, ids: Matrix) -> Matrix:
    """(users, (1 + parts) · d): the user's vector, repeated for each block of the items' factors."""
    assert model.items.factors is not None
    blocks = len(model.parts)
    size = model.settings["embedding_size"]
    vectors = model.items.factors.reshape(len(model.items.ids), blocks, size).sum(axis=1)
    total = np.maximum(np.asarray(history.sum(axis=1)), 1e-9)
    users = ids + (history @ vectors / total) @ model.state["history"]
    return np.tile(users / model.settings["temperature"], blocks).astype(np.float32)

"""Two towers: one makes a vector of an item, one of a user, and what fits together lies together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.adam import Adam
from visrec_cli.recommenders.base import Arrays, Iterative, Setting
from visrec_cli.recommenders.content_projection import Projection, side_by_side
from visrec_cli.recommenders.data import Content, Log, Rows, Times
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.model_requirements import factors_of, require_parts, state_of
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix

if TYPE_CHECKING:
    from torch import Tensor


class TwoTower(Iterative):
    """An item is its id, its picture and its text; a user is an id and the mean of the items touched.

        v_i = id_i + sum over the parts p of W_p f_ip           s_ui = u_u · v_i / temperature + b_i + β·f_i
        u_u = id_u + H · mean of v_j over the history

    f_i are the principal components of the item's vector. While learning, part of each history is hidden, so that the
    user tower has to guess it, and so are some of the items' ids, so that an item without an id (a cold one) is nothing
    unheard of. Losses over the touched items i of a user, q(i) being the share of clicks that went to i:

        softmax   -ln softmax(s_u)_i over all items that anybody touched
        in-batch  the same over the items of the batch, with s - ln q instead of s (Yi et al. 2019, eqs. 4-6): for
                  catalogues too large for the first
        bpr       -ln σ(s_ui - s_uj) with j drawn by chance (Rendle et al. 2009)
        bce       -ln σ(s_ui) - ln σ(-s_uj)

    Source of the towers: Covington, Adams & Sargin 2016, section 3; of hidden ids: Volkovs, Yu & Poutanen 2017. Steps
    by Adam with decoupled weight decay. On a GPU sums are taken in any order: two runs agree to rounding only.
    """

    name: ClassVar[str] = "two-tower"
    summary: ClassVar[str] = "neural towers over ids, pictures, texts and histories; knows new items and new users"
    uses_content: ClassVar[bool] = True
    uses_device: ClassVar[bool] = True
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
            1.0, "what scores are divided by: small makes them bold", 0.05, 2.0, log=True, least=1e-3
        ),
        "hidden_history": Setting(0.5, "share of a history that the user tower does not see", 0.1, 0.8, least=0),
        "hidden_ids": Setting(0.2, "share of the items that are without their id in a step", 0.0, 0.6, least=0),
        "user_ids": Setting(True, "whether a user has an id beside the history"),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Project the vectors, draw small parameters."""
        from visrec_cli.runtime.device import pick_device

        self._device = pick_device(self.device)

        self._log = log
        self._projection = None if content is None else Projection.fit(content, self.set["components"])
        features = np.zeros((len(log.items), 0), np.float32)
        if content is not None and self._projection is not None:
            features = self._projection.apply(content)
        self._widths = () if self._projection is None else self._projection.widths
        self._valid = np.zeros(len(log.items), bool) if content is None else content.valid
        self._share = log.clicks_of_items / max(log.matrix.nnz, 1)
        size, rng = self.set["embedding_size"], np.random.default_rng(self.seed)
        small = [rng.standard_normal((n, size), np.float32) * np.float32(0.1) for n in (len(log.items), len(log.users))]
        start = {
            "items": small[0] * log.touched[:, None],
            "users": small[1] * self.set["user_ids"],
            "bias": np.zeros(len(log.items), np.float32),
            "looks": rng.standard_normal((features.shape[1], size), np.float32) * np.float32(0.1),
            "appeal": np.zeros(features.shape[1], np.float32),
            "history": np.eye(size, dtype=np.float32),
        }
        self._features = self._tensor(features)
        self._learned = {name: self._tensor(array).requires_grad_() for name, array in start.items()}
        self._learned["users"].requires_grad_(self.set["user_ids"])
        self._adam = Adam(self._learned, self.set["learning_rate"], self.set["reg"])

    def epoch(self, number: int) -> float:
        """Once through the users. Returns the mean loss per target."""
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
        """Both towers evaluated for all that are known."""
        learned = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self._learned.items()}
        touched = self._log.touched[:, None]
        side = _items(
            learned,
            self._features.cpu().numpy(),
            self._widths,
            learned["items"] * touched,
            learned["bias"] * touched[:, 0],
        )
        known = self._log.touched | self._valid
        names = () if self._projection is None else self._projection.names
        size = self.set["embedding_size"]
        items = Items(self._log.items, known, *side)
        state = {name: learned[name] for name in ("looks", "appeal", "history")}
        if self._projection is not None:
            state |= self._projection.state()
        parts = (("behaviour", size), *((name, size) for name in names))
        model = Model(self.name, self.set, users_of(self._log), items, parts, state=state)
        users = _users(model, self._log.matrix, learned["users"])
        return replace(model, users=replace(model.users, factors=users))

    def state(self) -> Arrays:
        """The parameters, and Adam's moments and count of steps."""
        return self._adam.state()

    def restore(self, state: Arrays) -> None:
        """Go on from these."""
        self._adam.restore(state)

    def _tensor(self, array: Any) -> "Tensor":
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        size = model.settings["embedding_size"]
        factors_of(model, origin)
        require_parts(model, origin, (size,) * max(len(model.parts), 1))
        total = sum(Projection.require(model, origin, len(model.parts) - 1))
        for name, shape in (("looks", (total, size)), ("appeal", (total,)), ("history", (size, size))):
            state_of(model, origin, name, shape)

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The user tower over the history; the ids of new users say nothing."""
        nobody = np.zeros((len(ids), model.settings["embedding_size"]), np.float32)
        return Users(tuple(ids), history, times, _users(model, history, nobody))

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """The item tower over the vectors, without an id."""
        names = tuple(name for name, _ in model.parts[1:])
        if not names:
            return super().new_items(model, ids, content)
        projection = Projection.of(model.state, names)
        nobody = np.zeros((len(ids), model.settings["embedding_size"]), np.float32)
        side = _items(model.state, projection.apply(content), projection.widths, nobody, nobody[:, 0])
        return Items(tuple(ids), content.valid, *side)


def _items(
    weights: Mapping[str, Matrix], features: Matrix, widths: Sequence[int], ids: Matrix, bias: Matrix
) -> tuple[Matrix, Matrix]:
    """``(factors, bias)``: (items, (1 + parts) · d), the id and what each part brings side by side, and (items,)."""
    return side_by_side(ids, features, weights["looks"], widths), bias + features @ weights["appeal"]


def _users(model: Model, history: sp.csr_matrix, ids: Matrix) -> Matrix:
    """(users, (1 + parts) · d): the user's vector once for each block of the items' factors."""
    assert model.items.factors is not None
    blocks = len(model.parts)
    size = model.settings["embedding_size"]
    vectors = model.items.factors.reshape(len(model.items.ids), blocks, size).sum(axis=1)
    total = np.maximum(np.asarray(history.sum(axis=1)), 1e-9)
    users = ids + (history @ vectors / total) @ model.state["history"]
    return np.tile(users / model.settings["temperature"], blocks).astype(np.float32)

"""Base of sequence models: a network that predicts the next item of a history."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.base import Arrays, Setting
from visrec_cli.recommenders.content_projection import side_by_side
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.neural import NeuralRecommender
from visrec_cli.recommenders.sequential.user_sequences import UserSequences
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Mask, Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor

    from visrec_cli.recommenders.sequential.ops import Dropout

_LOTS = 256  # users read at once, as many as stay in the processor's cache


class SequenceModel(NeuralRecommender):
    """Predicts the next item of a history from those before it.

    Subclasses are a network: its numbers at the start (``draw``), reading while learning (``read``, in torch) and
    afterwards (``last``, in numpy, so that a question needs no torch).
    """

    needs_times: ClassVar[bool] = True
    common: ClassVar[dict[str, Setting]] = {
        "embedding_size": Setting(64, "numbers per user and item", 16, 256, log=True, least=1),
        "length": Setting(50, "how many of the latest items are read", least=1),
        "components": Setting(
            64, "principal components kept of each modality", 16, 256, log=True, least=1, needs=("vectors", "content")
        ),
        "epochs": Setting(100, "passes over the histories", least=1),
        "batch_size": Setting(64, "pieces of histories per step", least=1),
        "learning_rate": Setting(0.001, "step size of Adam", 3e-4, 0.01, log=True, least=1e-6),
        "reg": Setting(0.01, "weight decay", 1e-4, 1.0, log=True, least=0),
        "dropout": Setting(0.2, "share of the network's numbers that are left out in a step", 0.0, 0.6, least=0),
        "hidden_ids": Setting(
            0.2,
            "share of the items with a vector that are without their id in a step",
            0.0,
            0.6,
            least=0,
            needs=("vectors", "content", "item_ids"),
        ),
        "negatives": Setting(0, "items that the next one is compared with in a step; 0: all", least=0),
        "item_ids": Setting(True, "whether an item has an id beside its vector"),
        "content": Setting(True, "whether the embeddings of --items are looked at", needs=("vectors",)),
    }

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Arrays:
        """The network's numbers before learning, by name."""

    @abstractmethod
    def read(self, vectors: "Tensor", drop: "Dropout") -> "Tensor":
        """(n, steps, d) what the network holds after each step, from (n, steps, d) vectors of the items."""

    @classmethod
    @abstractmethod
    def last(cls, learned: Mapping[str, Any], settings: Mapping[str, Any], vectors: Matrix, sizes: Rows) -> Matrix:
        """(n, d) what ``read`` holds after the last step of each; vectors: (n, steps, d), padded behind ``sizes``."""

    def tensors(self, drawn: Arrays) -> "dict[str, Tensor]":
        """The network's numbers where they can be learned."""
        return {name: self._tensor(array).requires_grad_() for name, array in drawn.items()}

    def start(self, log: Log, content: Content | None) -> None:
        """Project the vectors, put the histories in order, draw small parameters."""
        content = content if self.set["content"] else None
        if content is None and not self.set["item_ids"]:
            raise UsageError(
                f"{self.name} with item_ids=false knows items by their vectors, and there are none",
                fix="give --items with an embedding column, or leave item_ids and content as they are",
            )
        features = self._open(log, content)
        self._known: Mask = (log.touched & self.set["item_ids"]) | self._valid
        self._steps = UserSequences.of(log.matrix, log.times, log.items, self._known)
        self._pool: Rows = np.flatnonzero(log.touched & self._known)
        rng = np.random.default_rng(self.seed)
        ids, looks = (self._small(rng, rows) for rows in (len(log.items), features.shape[1]))
        learned = self.tensors({"items": ids * (log.touched & self.set["item_ids"])[:, None], "looks": looks})
        learned |= self.tensors({f"net:{name}": array for name, array in self.draw(rng).items()})
        learned["items"].requires_grad_(self.set["item_ids"])
        self._learn(learned)

    def epoch(self, number: int) -> float:
        """Once through the histories. Returns the mean loss per step."""
        from visrec_cli.recommenders.sequential.ops import Dropout

        rng = np.random.default_rng([self.seed, number])
        shown, following = self._steps.windows(self.set["length"], rng)
        drop = Dropout(self.set["dropout"], int(rng.integers(2**62)), self._device)
        order, total, n = rng.permutation(len(shown)), 0.0, 0
        for start in range(0, len(order), self.set["batch_size"]):
            batch = order[start : start + self.set["batch_size"]]
            longest = int((shown[batch] >= 0).sum(axis=1).max())
            loss, targets = self._step(shown[batch, :longest], following[batch, :longest], drop, rng)
            total, n = total + loss * targets, n + targets
        return total / max(n, 1)

    def _step(self, shown: Rows, following: Rows, drop: "Dropout", rng: np.random.Generator) -> tuple[float, int]:
        from torch.nn.functional import embedding

        from visrec_cli.recommenders.sequential.ops import next_loss

        hidden = self._valid & (rng.random(len(self._valid)) < self.set["hidden_ids"])
        ids = self._tensor((~hidden).astype(np.float32))[:, None] * self._learned["items"]
        vectors = ids + self._features @ self._learned["looks"]
        held = self.read(embedding(self._tensor(np.maximum(shown, 0)), vectors), drop)
        defined = following >= 0
        loss = next_loss(
            held[self._tensor(defined)], vectors, following[defined], self._pool, self.set["negatives"], rng
        )
        loss.backward()
        self._adam.step()
        return float(loss.detach()), int(defined.sum())

    def model(self) -> Model:
        """All items, and what the network holds after the last step of each user."""
        learned = self._arrays()
        side = self.items_of(learned, self._features.cpu().numpy(), self._widths, learned.pop("items"))
        model = self._model(Items(self._log.items, self._known, *side), learned)
        return replace(model, users=replace(model.users, factors=self._held(model, self._steps)))

    @classmethod
    @abstractmethod
    def shapes(cls, settings: Mapping[str, Any], origin: Origin) -> dict[str, Shape]:
        """The network's numbers, as ``draw`` makes them. Raises InputError for settings that make no network."""

    @classmethod
    def state_shapes(cls, settings: Mapping[str, Any], components: int, origin: Origin) -> dict[str, Shape]:
        """See NeuralRecommender."""
        network = {f"net:{name}": shape for name, shape in cls.shapes(settings, origin).items()}
        return {"looks": (components, settings["embedding_size"]), **network}

    @classmethod
    def items_of(
        cls, learned: Mapping[str, Any], features: Matrix, widths: Sequence[int], ids: Matrix
    ) -> tuple[Matrix, Matrix | None]:
        """See NeuralRecommender; there is no bias."""
        return side_by_side(ids, features, learned["looks"], widths), None

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The network over the history, as for users who were there when it learned."""
        steps = UserSequences.of(history, times, model.items.ids, model.items.known)
        return Users(tuple(ids), history, times, cls._held(model, steps))

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """What each item would lose if a step had not happened: the network reads the history without it.

        Steps that are too old to be read say nothing.
        """
        one = users.take([row])
        steps = UserSequences.of(one.history, one.times, model.items.ids, model.items.known)
        contributions = np.zeros((one.history.nnz, len(items)), np.float32)
        n = min(len(steps.items), model.settings["length"])
        if not n or model.items.factors is None:
            return contributions
        last, cells = steps.items[-n:], steps.cells[-n:]
        without = [np.delete(last, place) for place in range(n)]
        many = UserSequences(
            np.concatenate([last, *without]), np.concatenate([[0], n + np.arange(n + 1) * (n - 1)]), cells
        )
        scores = cls._held(model, many) @ model.items.factors[items].T
        contributions[cells] = scores[0] - scores[1:]
        return contributions

    @classmethod
    def _held(cls, model: Model, steps: UserSequences) -> Matrix:
        """(users, (1 + parts) · d): what is held of each user, once for each block of the items' factors; or zeros."""
        assert model.items.factors is not None
        blocks, size = len(model.parts), model.settings["embedding_size"]
        places, sizes = steps.latest(model.settings["length"])
        learned = {name[4:]: array for name, array in model.state.items() if name.startswith("net:")}
        held = np.zeros((len(sizes), size), np.float32)
        asked = np.argsort(sizes, kind="stable")[int((sizes == 0).sum()) :]  # alike in length: less to pad
        for start in range(0, len(asked), _LOTS):
            rows = asked[start : start + _LOTS]
            history_rows = places[rows, : int(sizes[rows].max())]
            vectors = (
                model.items.factors[np.maximum(history_rows, 0)].reshape(*history_rows.shape, blocks, size).sum(axis=2)
            )
            held[rows] = cls.last(learned, model.settings, vectors, sizes[rows])
        return np.tile(held, blocks)

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

_USERS = 256  # users read at a time, to stay in the processor's cache


class SequenceModel(NeuralRecommender):
    """Predicts the next item of a history from those before it.

    Subclasses define a network: its initial parameters (``draw``), reading in training (``read``, in torch), and
    reading afterwards (``last``, in numpy, so that recommending needs no torch).
    """

    needs_times: ClassVar[bool] = True
    common: ClassVar[dict[str, Setting]] = {
        "embedding_size": Setting(64, "numbers per user and item", 16, 256, log=True, least=1),
        "length": Setting(50, "number of latest items that are read", least=1),
        "components": Setting(
            64, "principal components kept of each modality", 16, 256, log=True, least=1, needs=("vectors", "content")
        ),
        "epochs": Setting(100, "passes over the histories", least=1),
        "batch_size": Setting(64, "sections of histories per step", least=1),
        "learning_rate": Setting(0.001, "step size of Adam", 3e-4, 0.01, log=True, least=1e-6),
        "reg": Setting(0.01, "weight decay", 1e-4, 1.0, log=True, least=0),
        "dropout": Setting(0.2, "share of the network's numbers that are dropped in a step", 0.0, 0.6, least=0),
        "hidden_ids": Setting(
            0.2,
            "share of the items with a vector whose id is hidden in a training step",
            0.0,
            0.6,
            least=0,
            needs=("vectors", "content", "item_ids"),
        ),
        "negatives": Setting(0, "random items that the next one is compared with in a step; 0: all items", least=0),
        "item_ids": Setting(True, "whether items have a vector of their id beside the one of their content"),
        "content": Setting(True, "whether the embeddings of --items are used", needs=("vectors",)),
    }

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Arrays:
        """Draw the initial parameters of the network.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        Arrays
            Parameters by name.
        """

    @abstractmethod
    def read(self, vectors: "Tensor", drop: "Dropout") -> "Tensor":
        """Read histories in training.

        Parameters
        ----------
        vectors : "Tensor"
            (n, steps, d) vectors of the items.
        drop : "Dropout"
            Dropout.

        Returns
        -------
        Tensor
            (n, steps, d) output of the network after each step.
        """

    @classmethod
    @abstractmethod
    def last(cls, learned: Mapping[str, Any], settings: Mapping[str, Any], vectors: Matrix, sizes: Rows) -> Matrix:
        """Read histories with the trained network.

        Parameters
        ----------
        learned : Mapping[str, Any]
            Parameters by name.
        settings : Mapping[str, Any]
            Settings of the model.
        vectors : Matrix
            (n, steps, d) vectors of the items, padded at the end.
        sizes : Rows
            (n,) number of steps of each history.

        Returns
        -------
        Matrix
            (n, d) output of ``read`` after the last step of each history.
        """

    def tensors(self, drawn: Arrays) -> "dict[str, Tensor]":
        """The network's parameters as tensors that are trained."""
        return {name: self._tensor(array).requires_grad_() for name, array in drawn.items()}

    def start(self, log: Log, content: Content | None) -> None:
        """Project the vectors, order the histories, and draw small random parameters.

        Parameters
        ----------
        log : Log
            The interactions to train on, with times.
        content : Content | None
            Vectors of the items, in the order of ``log.items``; None if there are none.

        Raises
        ------
        UsageError
            If items have neither ids nor vectors.
        """
        content = content if self.set["content"] else None
        if content is None and not self.set["item_ids"]:
            raise UsageError(
                f"{self.name} with item_ids=false needs vectors of the items, and there are none",
                fix="give --items with an embedding column, or leave out --set item_ids and --set content",
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
        """Train for one pass over the histories. Returns the mean loss per step."""
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
        """All items, and the output of the network after the last step of each user."""
        learned = self._arrays()
        side = self.items_of(learned, self._features.cpu().numpy(), self._widths, learned.pop("items"))
        model = self._model(Items(self._log.items, self._known, *side), learned)
        return replace(model, users=replace(model.users, factors=self._held(model, self._steps)))

    @classmethod
    @abstractmethod
    def shapes(cls, settings: Mapping[str, Any], origin: Origin) -> dict[str, Shape]:
        """Give the shapes of the network's parameters, as ``draw`` makes them.

        Parameters
        ----------
        settings : Mapping[str, Any]
            Settings of the model.
        origin : Origin
            Names the file in error messages.

        Returns
        -------
        dict[str, Shape]
            Shapes by name of parameter.

        Raises
        ------
        InputError
            If no network can have these settings.
        """

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
        """The output of the network over each history, as for users who were in training."""
        steps = UserSequences.of(history, times, model.items.ids, model.items.known)
        return Users(tuple(ids), history, times, cls._held(model, steps))

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Compute how much each score would drop without a step: the network reads the history without it.

        Steps that are too old to be read contribute nothing.

        Parameters
        ----------
        model : Model
            The model.
        users : Users
            Users of the model, or folded in.
        row : int
            Row of the user in ``users``.
        items : npt.NDArray[np.int64]
            (m,) column numbers of the scored items.

        Returns
        -------
        Matrix
            (history, m) float32.
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
        """(users, (1 + parts) · d): the output for each user, repeated for each block of the items' factors."""
        assert model.items.factors is not None
        blocks, size = len(model.parts), model.settings["embedding_size"]
        places, sizes = steps.latest(model.settings["length"])
        learned = {name[4:]: array for name, array in model.state.items() if name.startswith("net:")}
        held = np.zeros((len(sizes), size), np.float32)
        readable = np.argsort(sizes, kind="stable")[int((sizes == 0).sum()) :]  # similar lengths need less padding
        for start in range(0, len(readable), _USERS):
            rows = readable[start : start + _USERS]
            history_rows = places[rows, : int(sizes[rows].max())]
            vectors = (
                model.items.factors[np.maximum(history_rows, 0)].reshape(*history_rows.shape, blocks, size).sum(axis=2)
            )
            held[rows] = cls.last(learned, model.settings, vectors, sizes[rows])
        return np.tile(held, blocks)

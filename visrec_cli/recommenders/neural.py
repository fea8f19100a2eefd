"""Base of neural recommenders: parameters trained by Adam in torch; items have an id and a vector."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from visrec_cli.recommenders.base import Arrays, Iterative
from visrec_cli.recommenders.content_projection import Projection
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Items, Model, users_of
from visrec_cli.recommenders.model_requirements import factors_of, require_parts, state_of
from visrec_cli.runtime.adam import Adam
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.vectors import Mask, Matrix

if TYPE_CHECKING:
    from torch import Tensor


class NeuralRecommender(Iterative):
    """Base class of recommenders that are trained by gradients.

    An item has an id, and the principal components of each part of its vector. Its factors are (1 + parts) blocks of
    ``embedding_size`` numbers: one of the id, and one of each part.
    """

    uses_content: ClassVar[bool] = True
    uses_device: ClassVar[bool] = True

    def _open(self, log: Log, content: Content | None) -> Matrix:
        """Take the data and the device. Returns the projected vectors, (items, components), zeros if there are none."""
        from visrec_cli.runtime.device import pick_device

        self._device, self._log = pick_device(self.device), log
        self._projection = None if content is None else Projection.fit(content, self.set["components"])
        self._widths = () if self._projection is None else self._projection.widths
        self._valid: Mask = np.zeros(len(log.items), bool) if content is None else content.valid
        features = np.zeros((len(log.items), 0), np.float32)
        if content is not None and self._projection is not None:
            features = self._projection.apply(content)
        self._features = self._tensor(features)
        return features

    def _learn(self, learned: "dict[str, Tensor]") -> None:
        """Set the parameters that Adam trains."""
        self._learned = learned
        self._adam = Adam(learned, self.set["learning_rate"], self.set["reg"])

    def _tensor(self, array: Any) -> "Tensor":
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def _small(self, rng: np.random.Generator, rows: int) -> Matrix:
        """(rows, embedding_size) small random numbers, to initialise parameters."""
        return rng.standard_normal((rows, self.set["embedding_size"]), np.float32) * np.float32(0.1)

    def _arrays(self) -> Arrays:
        """The parameters as arrays, by name."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self._learned.items()}

    def _model(self, items: Items, state: Arrays) -> Model:
        """A model of these items, whose users have no factors yet. state: arrays to keep beside the projection."""
        names = () if self._projection is None else self._projection.names
        state = state if self._projection is None else state | self._projection.state()
        parts = tuple((name, self.set["embedding_size"]) for name in ("behaviour", *names))
        return Model(self.name, self.set, users_of(self._log), items, parts, state=state)

    def state(self) -> Arrays:
        """The parameters, and the moments and step count of Adam."""
        return self._adam.state()

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state."""
        self._adam.restore(state)

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        factors_of(model, origin)
        require_parts(model, origin, (model.settings["embedding_size"],) * max(len(model.parts), 1))
        total = sum(Projection.require(model, origin, len(model.parts) - 1))
        for name, shape in cls.state_shapes(model.settings, total, origin).items():
            state_of(model, origin, name, shape)

    @classmethod
    @abstractmethod
    def state_shapes(cls, settings: Mapping[str, Any], components: int, origin: Origin) -> dict[str, Shape]:
        """Give the shapes of the arrays in ``Model.state``.

        Parameters
        ----------
        settings : Mapping[str, Any]
            Settings of the model.
        components : int
            Total width of the projected vectors.
        origin : Origin
            Names the file in error messages.

        Returns
        -------
        dict[str, Shape]
            Shapes by name of array.

        Raises
        ------
        InputError
            If no network can have these settings.
        """

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """Items by their vectors, without an id."""
        names = tuple(name for name, _ in model.parts[1:])
        if not names:
            return super().new_items(model, ids, content)
        projection = Projection.of(model.state, names)
        no_ids = np.zeros((len(ids), model.settings["embedding_size"]), np.float32)
        side = cls.items_of(model.state, projection.apply(content), projection.widths, no_ids)
        return Items(tuple(ids), content.valid, *side)

    @classmethod
    @abstractmethod
    def items_of(
        cls, learned: Mapping[str, Any], features: Matrix, widths: Sequence[int], ids: Matrix
    ) -> tuple[Matrix, Matrix | None]:
        """Compute the item side of the model.

        Parameters
        ----------
        learned : Mapping[str, Any]
            Parameters by name.
        features : Matrix
            (items, components) projected vectors.
        widths : Sequence[int]
            Width of each projected part.
        ids : Matrix
            (items, embedding_size) vectors of the ids; zeros for items without one.

        Returns
        -------
        tuple[Matrix, Matrix | None]
            Factors (items, (1 + parts) · embedding_size), and biases (items,) or None.
        """

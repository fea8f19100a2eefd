"""Base classes of all recommenders."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.model_requirements import require_whole
from visrec_cli.runtime.adam import Arrays
from visrec_cli.runtime.settings import AUTO, Setting, parsed
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix

__all__ = ["AUTO", "Arrays", "Iterative", "NoCallback", "Recommender", "Setting", "TrainingCallback"]


class TrainingCallback(Protocol):
    """Interface of training callbacks: progress, validation, early stopping, checkpoints."""

    def begin(self, epochs: int, recommender: "Iterative") -> int:
        """Called after ``start``; may restore a checkpoint. Returns how many epochs are already done."""

    def epoch(self, number: int, loss: float, recommender: "Iterative") -> bool:
        """Called after epoch ``number`` (from 1). True: stop here."""

    def end(self, recommender: "Iterative") -> None:
        """Called after the last epoch; may restore the best one."""


class NoCallback:
    """Callback that does nothing: trains to the last epoch."""

    def begin(self, epochs: int, recommender: "Iterative") -> int:
        """Nothing is done yet."""
        return 0

    def epoch(self, number: int, loss: float, recommender: "Iterative") -> bool:
        """Go on."""
        return False

    def end(self, recommender: "Iterative") -> None:
        """Keep the last epoch."""


class Recommender(ABC):
    """Base class of recommenders. Subclasses declare a name and settings, and keep no state after ``fit``.

    needs_content: cannot do without vectors of the items. predicts_ratings: its scores are ratings, to be judged by
    RMSE as well. needs_times: learns from the order of events. uses_device: can compute on a GPU. item_state: the
    arrays of ``Model.state`` that have a row for each item, in the items' order; items that come later have rows of
    zeros there.
    """

    name: ClassVar[str]
    summary: ClassVar[str]  # one line for people: when to use it
    settings: ClassVar[dict[str, Setting]] = {}
    needs_content: ClassVar[bool] = False
    uses_content: ClassVar[bool] = False
    predicts_ratings: ClassVar[bool] = False
    needs_times: ClassVar[bool] = False
    uses_device: ClassVar[bool] = False
    item_state: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, seed: int = 0, device: str = "auto", **settings: Any) -> None:
        """Raises UsageError for a setting that this recommender does not have, or a value it cannot take."""
        self.seed = seed
        self.device = device
        self.set = parsed(self.name, self.settings, settings)  # all of them: the model's metadata says how it was made
        self.asked = dict(self.set)  # before what is AUTO is worked out

    @classmethod
    def resolved(
        cls, settings: Mapping[str, Any], log: Log, times: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """All settings, with a number for those that are AUTO: what suits the log, or ``times`` that, by name.

        Raises UsageError for a setting that this recommender does not have, or a value it cannot take.
        """
        return parsed(cls.name, cls.settings, settings)

    @classmethod
    def inputs(cls, log: Log, content: Content | None) -> dict[str, bool]:
        """Of what settings may need of the input (see runtime.settings.INPUTS), what is there."""
        return {"vectors": content is not None, "times": log.times is not None}

    @abstractmethod
    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Learn from the log, and from the items' vectors if it uses them."""

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """Raise InputError unless ``fold_in``, ``new_items`` and ``history_contributions`` can use the model.

        It comes from a file, and its settings are this recommender's. What all rely on is looked at here.
        """
        require_whole(model, origin)

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """Users that were not in training, or have new clicks: their side of the model, without training.

        history: (n, items of the model) csr of weights. By default the history is all there is to know (right for
        item-to-item models).
        """
        return Users(tuple(ids), history, times)

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """Items that came after training, scored from their vectors; ``known`` is False where that is impossible.

        By default it always is.
        """
        return Items(tuple(ids), np.zeros(len(ids), bool))

    @classmethod
    def new_items_note(cls, settings: Mapping[str, Any]) -> str | None:
        """What to know before a model with these settings is to show items without clicks. None: nothing."""
        return None

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """(history, items): how much each item of the user's history spoke for each of ``items``.

        Rows in the order of ``users.history[row].indices``. See recommenders.attribution for what a number means.
        """
        from visrec_cli.recommenders.attribution import history_contributions

        return history_contributions(model, users, row, items)


def _smaller_steps(settings: Mapping[str, Setting]) -> str:
    tamer = {"learning_rate": "a smaller --set learning_rate", "reg": "another --set reg"}
    return " or ".join(words for name, words in tamer.items() if name in settings)


class Iterative(Recommender):
    """A recommender trained in epochs. ``epoch`` must depend only on its state, the seed and its number, so that a
    resumed run gives the same model as one that was never interrupted."""

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Learn epoch by epoch, as long as ``callback`` lets it."""
        callback = callback or NoCallback()
        self.start(log, content)
        done = callback.begin(self.set["epochs"], self)
        for number in range(done + 1, self.set["epochs"] + 1):
            loss = self._loss_of(number)
            if not np.isfinite(loss):
                raise UsageError(
                    f"{self.name}: training diverged (loss = {loss} at epoch {number})",
                    fix=f"take {_smaller_steps(self.settings)}, or look for huge weights in the log",
                )
            if callback.epoch(number, loss, self):
                break
        callback.end(self)
        return self.model()

    def _loss_of(self, number: int) -> float:
        try:
            return self.epoch(number)
        except np.linalg.LinAlgError:  # what LAPACK says of NaN
            return float("nan")

    @abstractmethod
    def start(self, log: Log, content: Content | None) -> None:
        """Take the data and set the parameters to where learning begins."""

    @abstractmethod
    def epoch(self, number: int) -> float:
        """Go once through the data. Returns the mean loss."""

    @abstractmethod
    def model(self) -> Model:
        """What has been learned so far."""

    @abstractmethod
    def state(self) -> Arrays:
        """Everything that changes from epoch to epoch, by name (parameters, moments of the optimiser); may be views."""

    @abstractmethod
    def restore(self, state: Arrays) -> None:
        """Go back to what ``state`` gave."""

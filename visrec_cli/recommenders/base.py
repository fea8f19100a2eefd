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
        """Called once, after ``start``; may restore a checkpoint.

        Parameters
        ----------
        epochs : int
            Number of epochs to train.
        recommender : "Iterative"
            The recommender that is trained.

        Returns
        -------
        int
            Number of epochs that are already done.
        """

    def epoch(self, number: int, loss: float, recommender: "Iterative") -> bool:
        """Called after each epoch.

        Parameters
        ----------
        number : int
            Number of the epoch, from 1.
        loss : float
            Its mean loss.
        recommender : "Iterative"
            The recommender that is trained.

        Returns
        -------
        bool
            Whether to stop here.
        """

    def end(self, recommender: "Iterative") -> None:
        """Called once, after the last epoch; may restore the best one.

        Parameters
        ----------
        recommender : "Iterative"
            The recommender that is trained.
        """


class NoCallback:
    """A callback that does nothing: trains to the last epoch."""

    def begin(self, epochs: int, recommender: "Iterative") -> int:
        """No epoch is done yet."""
        return 0

    def epoch(self, number: int, loss: float, recommender: "Iterative") -> bool:
        """Never stop."""
        return False

    def end(self, recommender: "Iterative") -> None:
        """Keep the last epoch."""


class Recommender(ABC):
    """Base class of recommenders. Subclasses declare a name and settings, and keep no state after ``fit``.

    Parameters
    ----------
    seed : int, default=0
        Seed of everything random; the same seed gives the same model.
    device : str, default="auto"
        "auto", "cpu", "cuda" or another device of torch; recommenders without ``uses_device`` ignore it.
    **settings : Any
        Values of settings by name; those left out have their defaults.

    Attributes
    ----------
    name : ClassVar[str]
        Name on the command line, such as ``als``.
    summary : ClassVar[str]
        One line that says when to use it.
    settings : ClassVar[dict[str, Setting]], default={}
        Settings by name.
    needs_content : ClassVar[bool], default=False
        Whether ``fit`` needs vectors of the items.
    uses_content : ClassVar[bool], default=False
        Whether ``fit`` uses vectors of the items if there are any.
    predicts_ratings : ClassVar[bool], default=False
        Whether scores are ratings, so that RMSE applies to them.
    needs_times : ClassVar[bool], default=False
        Whether ``fit`` learns from the order of events.
    uses_device : ClassVar[bool], default=False
        Whether it can compute on a GPU.
    item_state : ClassVar[tuple[str, ...]], default=()
        Names of the arrays in ``Model.state`` that have a row for each item, in the order of the items. Items that are
        added later have rows of zeros there.

    Raises
    ------
    UsageError
        If there is no such setting, or its value is invalid.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    settings: ClassVar[dict[str, Setting]] = {}
    needs_content: ClassVar[bool] = False
    uses_content: ClassVar[bool] = False
    predicts_ratings: ClassVar[bool] = False
    needs_times: ClassVar[bool] = False
    uses_device: ClassVar[bool] = False
    item_state: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, seed: int = 0, device: str = "auto", **settings: Any) -> None:
        self.seed = seed
        self.device = device
        self.set = parsed(self.name, self.settings, settings)  # all settings: the model's metadata records them
        self.given = dict(self.set)  # before AUTO is replaced by numbers

    @classmethod
    def resolved(
        cls, settings: Mapping[str, Any], log: Log, times: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Parse settings, and replace ``AUTO`` by a number that suits the log.

        Parameters
        ----------
        settings : Mapping[str, Any]
            Values of settings by name; those left out have their defaults.
        log : Log
            The interactions to train on.
        times : Mapping[str, float] | None, default=None
            Factors by name of setting that multiply the number that replaces ``AUTO``; used by searches.

        Returns
        -------
        dict[str, Any]
            All settings by name.

        Raises
        ------
        UsageError
            If there is no such setting, or its value is invalid.
        """
        return parsed(cls.name, cls.settings, settings)

    @classmethod
    def inputs(cls, log: Log, content: Content | None) -> dict[str, bool]:
        """Tell which inputs that settings may need are available.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None
            Vectors of the items, if there are any.

        Returns
        -------
        dict[str, bool]
            Whether each input is available, by its name in ``runtime.settings.INPUTS``.
        """
        return {"vectors": content is not None, "times": log.times is not None}

    @abstractmethod
    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Train a model.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None, default=None
            Vectors of the items, in the order of ``log.items``; None if there are none.
        callback : TrainingCallback | None, default=None
            Called between epochs, by recommenders that are trained in epochs.

        Returns
        -------
        Model
            The trained model.
        """

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """Check that a model from a file has everything that this recommender needs to go on from it.

        Its settings are already checked. Subclasses add the arrays that ``fold_in``, ``new_items`` and
        ``history_contributions`` read.

        Parameters
        ----------
        model : Model
            The model.
        origin : Origin
            Names the file in error messages.

        Raises
        ------
        InputError
            If something is missing or has the wrong shape.
        """
        require_whole(model, origin)

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """Compute the model's side of users who were not in training, or who have new interactions, without training.

        By default a user's history is all that the model needs, as in item-to-item models.

        Parameters
        ----------
        model : Model
            A model of this recommender.
        ids : Sequence[str]
            Ids of the users.
        history : sp.csr_matrix
            (users, items of the model) weights of their interactions.
        times : Times | None, default=None
            (nnz,) milliseconds since 1970 of each interaction, in the order of ``history.data``; None if not known.

        Returns
        -------
        Users
            The users, for ``Model.scores``.
        """
        return Users(tuple(ids), history, times)

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """Compute the model's side of items that were added after training, from their vectors.

        By default such items cannot be scored.

        Parameters
        ----------
        model : Model
            A model of this recommender.
        ids : Sequence[str]
            Ids of the items.
        content : Content
            Their vectors, with the same parts as in training.

        Returns
        -------
        Items
            The items; ``known`` is False for items that cannot be scored.
        """
        return Items(tuple(ids), np.zeros(len(ids), bool))

    @classmethod
    def new_items_note(cls, settings: Mapping[str, Any]) -> str | None:
        """Tell what to know before a model with these settings recommends items without interactions.

        Parameters
        ----------
        settings : Mapping[str, Any]
            Settings of the model.

        Returns
        -------
        str | None
            One sentence, or None if there is nothing to say.
        """
        return None

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Compute how much each item of a user's history adds to the scores of some items.

        Parameters
        ----------
        model : Model
            A model of this recommender.
        users : Users
            Users of the model, or folded in.
        row : int
            Row of the user in ``users``.
        items : npt.NDArray[np.int64]
            (m,) column numbers of the scored items.

        Returns
        -------
        Matrix
            (history, m) float32, rows in the order of ``users.history[row].indices``. See ``recommenders.attribution``.
        """
        from visrec_cli.recommenders.attribution import history_contributions

        return history_contributions(model, users, row, items)


def _smaller_steps(settings: Mapping[str, Setting]) -> str:
    remedies = {"learning_rate": "a smaller --set learning_rate", "reg": "another --set reg"}
    return " or ".join(words for name, words in remedies.items() if name in settings)


class Iterative(Recommender):
    """Base class of recommenders that are trained in epochs.

    ``epoch`` must depend only on the state, the seed and its number, so that a resumed run gives the same model as one
    that was never interrupted.
    """

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Train epoch by epoch until the last one, or until the callback stops.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None, default=None
            Vectors of the items, in the order of ``log.items``; None if there are none.
        callback : TrainingCallback | None, default=None
            Called before, between and after epochs.

        Returns
        -------
        Model
            The trained model.

        Raises
        ------
        UsageError
            If the loss becomes infinite or NaN.
        """
        callback = callback or NoCallback()
        self.start(log, content)
        done = callback.begin(self.set["epochs"], self)
        for number in range(done + 1, self.set["epochs"] + 1):
            loss = self._loss_of(number)
            if not np.isfinite(loss):
                raise UsageError(
                    f"{self.name}: training diverged (loss = {loss} at epoch {number})",
                    fix=f"try {_smaller_steps(self.settings)}, or check the log for very large weights",
                )
            if callback.epoch(number, loss, self):
                break
        callback.end(self)
        return self.model()

    def _loss_of(self, number: int) -> float:
        try:
            return self.epoch(number)
        except np.linalg.LinAlgError:  # raised by LAPACK for NaN
            return float("nan")

    @abstractmethod
    def start(self, log: Log, content: Content | None) -> None:
        """Take the data, and initialise the parameters.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None
            Vectors of the items, in the order of ``log.items``; None if there are none.
        """

    @abstractmethod
    def epoch(self, number: int) -> float:
        """Train for one pass over the data.

        Parameters
        ----------
        number : int
            Number of the epoch, from 1.

        Returns
        -------
        float
            The mean loss.
        """

    @abstractmethod
    def model(self) -> Model:
        """Make a model of what has been learned so far.

        Returns
        -------
        Model
            The model; later epochs do not change it.
        """

    @abstractmethod
    def state(self) -> Arrays:
        """Return everything that changes from epoch to epoch: parameters, and moments of the optimiser.

        Returns
        -------
        Arrays
            Arrays by name; they may be views.
        """

    @abstractmethod
    def restore(self, state: Arrays) -> None:
        """Continue from a saved state.

        Parameters
        ----------
        state : Arrays
            Arrays as returned by ``state``.
        """

"""Callbacks of training: loss and validation, early stopping, best epoch, checkpoints."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from visrec_cli.recommenders.base import Arrays, Iterative, NoCallback
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.training.checkpoint import Checkpoint, save_checkpoint
from visrec_cli.training.checkpoint_document import require_arrays
from visrec_cli.training.schedule import Goal, step_of


class IterativeLearner(Protocol):
    """A recommender (``recommenders.base.Iterative``) or a picture model (``encoders.finetuning.trainer``)."""

    def model(self) -> Any:
        """Make a model of what has been learned so far.

        Returns
        -------
        Any
            The model, as the validator takes it.
        """

    def state(self) -> Arrays:
        """Return everything that changes from epoch to epoch.

        Returns
        -------
        Arrays
            Arrays by name; they may be views.
        """

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state.

        Parameters
        ----------
        state : Arrays
            Arrays as returned by ``state``.
        """


class Validator(Protocol):
    """Measures how good a model is on held-out data."""

    @property
    def measure(self) -> Goal:
        """The metric."""

    def score(self, model: Any) -> float:
        """Evaluate a model.

        Parameters
        ----------
        model : Any
            The model.

        Returns
        -------
        float
            Value of the metric.
        """


class TrainingMonitor:
    """Records and validates a training; implements ``recommenders.base.TrainingCallback``.

    With a validator, the best epoch is kept, and training stops after ``patience`` validations without a better one.
    ``curve`` holds epoch, loss and (where validated) the metric. ``last`` is the state before returning to the best
    epoch, if a checkpoint is saved.

    Parameters
    ----------
    report : Report
        Where progress and notes are recorded.
    validation : Validator | None
        Measures models; None to train without validation.
    patience : int
        Number of validations without improvement after which training stops.
    phase : str, default="search"
        Phase of the training: "search", "fit" or "refit".
    save : Path | None, default=None
        File for checkpoints; None to save none.
    resumed : Checkpoint | None, default=None
        Checkpoint to continue from; see ``schedule.as_of`` for one of another number of epochs.
    about : dict[str, Any] | None, default=None
        Description of the training that is saved with checkpoints.
    searched : Arrays | None, default=None
        State at the end of the search that this fit follows.
    """

    def __init__(
        self,
        report: Report,
        validation: Validator | None,
        *,
        patience: int,
        phase: str = "search",
        save: Path | None = None,
        resumed: Checkpoint | None = None,
        about: dict[str, Any] | None = None,
        searched: Arrays | None = None,
    ) -> None:
        self.report, self.validation, self.patience, self.phase = report, validation, patience, phase
        self.save, self.resumed, self.about = save, resumed, about or {}
        self.curve: list[dict[str, Any]] = []
        self.best_epoch, self.best = 0, validation.measure.worst if validation else np.nan
        self._best_state: Arrays = {}
        self.last: Arrays = {}
        self._searched = searched or {}
        self._every, self._epochs = 1, 0

    def begin(self, epochs: int, recommender: IterativeLearner) -> int:
        """Record the start, and restore the checkpoint if there is one.

        Parameters
        ----------
        epochs : int
            Number of epochs to train.
        recommender : IterativeLearner
            The learner.

        Returns
        -------
        int
            Number of epochs that are already done.

        Raises
        ------
        InputError
            If the checkpoint does not fit the learner.
        """
        self._every, self._epochs = step_of(epochs), epochs
        self.report.expect(epochs, "epochs")
        if self.resumed is None:
            return 0
        states = {"state": self.resumed.state} | ({"kept": self.resumed.kept} if self.resumed.kept else {})
        require_arrays(states, recommender.state())
        recommender.restore(self.resumed.state)
        record = [record for record in self.resumed.curve if record["phase"] == self.phase]
        if self.validation is not None:
            self._every = step_of(epochs, record)
        self.curve, self.best, self.best_epoch = [*self.curve, *record], self.resumed.best, self.resumed.best_epoch
        self._best_state = self.resumed.kept
        self.report.advance(self.resumed.epoch)
        finished = self._finished(self.resumed.epoch)
        self._note_other_epochs(epochs, finished)
        if self.save is not None:
            self._keep(self.resumed.epoch, recommender)
        return epochs if finished else self.resumed.epoch

    def epoch(self, number: int, loss: float, recommender: IterativeLearner) -> bool:
        """Record the loss, validate at some epochs, and decide whether to stop."""
        record: dict[str, Any] = {"phase": self.phase, "epoch": number, "loss": float(loss), "value": None}
        if self.validation is not None and (number % self._every == 0 or number == self._epochs):
            record["value"] = value = self.validation.score(recommender.model())
            if self.validation.measure.better(value, self.best):
                self.best, self.best_epoch = value, number
                self._best_state = {name: np.array(array) for name, array in recommender.state().items()}
        self.curve.append(record)
        self.report.advance()
        self.report.note(self._words(record))
        if self.save is not None and (number % self._every == 0 or number == self._epochs):
            self._keep(number, recommender)
        return self._finished(number)

    def end(self, recommender: IterativeLearner) -> None:
        """Return to the best epoch."""
        if self.save is not None:
            self.last = {name: np.array(array) for name, array in recommender.state().items()}
        if self._best_state:
            recommender.restore(self._best_state)

    @property
    def lost(self) -> bool:
        """Whether the state of the best epoch is lost: it was not in the checkpoint, and no later epoch was better."""
        return self.best_epoch > 0 and not self._best_state

    def _keep(self, number: int, recommender: IterativeLearner) -> None:
        assert self.save is not None
        state = {name: np.asarray(array) for name, array in recommender.state().items()}
        state_so_far = (self.phase, number, self.best_epoch, self.best, self.curve)
        save_checkpoint(self.save, Checkpoint(*state_so_far, state, self._best_state, self.about, self._searched))

    def _note_other_epochs(self, epochs: int, finished: bool) -> None:
        """Say if continuing with another number of epochs differs from training that many from the start."""
        planned = None if self.resumed is None else self.resumed.planned
        if planned is None or planned == epochs or self.validation is None:
            return
        if finished:
            self.report.warn(
                f"the training had stopped early, with epoch {self.best_epoch} as its best: more epochs change nothing "
                "(a larger --patience continues it)"
            )
        elif self._every != step_of(epochs):
            now, new = (counted(step, "epochs") for step in (self._every, step_of(epochs)))
            self.report.warn(
                f"validated every {now}, as before; a new training of {epochs} epochs would be validated every {new}"
            )

    def _finished(self, number: int) -> bool:
        return self.validation is not None and number - self.best_epoch >= self.patience * self._every

    def _words(self, record: dict[str, Any]) -> str:
        words = f"loss {record['loss']:.4f}"
        if self.validation is not None and self.best_epoch:
            name = self.validation.measure.name
            words += f" · {name} {self.curve[-1]['value'] or self.best:.4f} (best {self.best:.4f} in {self.best_epoch})"
        return words


class StopAtEpoch(NoCallback):
    """Trains to a given epoch, without output.

    Parameters
    ----------
    epoch : int
        The last epoch.
    """

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def epoch(self, number: int, loss: float, recommender: Iterative) -> bool:
        """Stop at the given epoch."""
        return number >= self._epoch

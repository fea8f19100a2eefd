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
    """What learns: a recommender (recommenders.base.Iterative) or a picture model (encoders.finetuning.trainer)."""

    def model(self) -> Any:
        """What has been learned so far, as its judge wants it."""

    def state(self) -> Arrays:
        """Everything that changes from epoch to epoch."""

    def restore(self, state: Arrays) -> None:
        """Go back to what ``state`` gave."""


class Validator(Protocol):
    """Says how good a model is on what it did not learn from."""

    @property
    def measure(self) -> Goal:
        """In what."""

    def score(self, model: Any) -> float:
        """How good."""


class TrainingMonitor:
    """Implements recommenders.base.TrainingCallback, for whatever learns in epochs.

    With a validation the best epoch is kept, and training stops after ``patience`` looks without a better one.
    ``curve`` holds what was seen: epoch, loss and (where it was judged) the metric. resumed: see schedule.as_of for one
    that was to have another number of epochs. searched: the state in which a search ended that this fit follows.
    ``last`` is the state before going back to the best epoch, if a checkpoint is kept.
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
        self._kept: Arrays = {}
        self.last: Arrays = {}
        self._searched = searched or {}
        self._every, self._epochs = 1, 0

    def begin(self, epochs: int, recommender: IterativeLearner) -> int:
        """Announce the work, and go to where a checkpoint was. Raises InputError where it does not fit the learner."""
        self._every, self._epochs = step_of(epochs), epochs
        self.report.expect(epochs, "epochs")
        if self.resumed is None:
            return 0
        states = {"state": self.resumed.state} | ({"kept": self.resumed.kept} if self.resumed.kept else {})
        require_arrays(states, recommender.state())
        recommender.restore(self.resumed.state)
        seen = [seen for seen in self.resumed.curve if seen["phase"] == self.phase]
        if self.validation is not None:
            self._every = step_of(epochs, seen)
        self.curve, self.best, self.best_epoch = [*self.curve, *seen], self.resumed.best, self.resumed.best_epoch
        self._kept = self.resumed.kept
        self.report.advance(self.resumed.epoch)
        over = self._over(self.resumed.epoch)
        self._tell(epochs, over)
        if self.save is not None:
            self._keep(self.resumed.epoch, recommender)
        return epochs if over else self.resumed.epoch

    def epoch(self, number: int, loss: float, recommender: IterativeLearner) -> bool:
        """Note the loss, judge the model now and then, and say whether that was enough."""
        seen: dict[str, Any] = {"phase": self.phase, "epoch": number, "loss": float(loss), "value": None}
        if self.validation is not None and (number % self._every == 0 or number == self._epochs):
            seen["value"] = value = self.validation.score(recommender.model())
            if self.validation.measure.better(value, self.best):
                self.best, self.best_epoch = value, number
                self._kept = {name: np.array(array) for name, array in recommender.state().items()}
        self.curve.append(seen)
        self.report.advance()
        self.report.note(self._words(seen))
        if self.save is not None and (number % self._every == 0 or number == self._epochs):
            self._keep(number, recommender)
        return self._over(number)

    def end(self, recommender: IterativeLearner) -> None:
        """Go back to the best epoch."""
        if self.save is not None:
            self.last = {name: np.array(array) for name, array in recommender.state().items()}
        if self._kept:
            recommender.restore(self._kept)

    @property
    def lost(self) -> bool:
        """Whether nobody kept the state of the best epoch: a checkpoint did not, and none since was better."""
        return self.best_epoch > 0 and not self._kept

    def _keep(self, number: int, recommender: IterativeLearner) -> None:
        assert self.save is not None
        state = {name: np.asarray(array) for name, array in recommender.state().items()}
        state_so_far = (self.phase, number, self.best_epoch, self.best, self.curve)
        save_checkpoint(self.save, Checkpoint(*state_so_far, state, self._kept, self.about, self._searched))

    def _tell(self, epochs: int, over: bool) -> None:
        """Say where another number of epochs than before is not what it would be from the start."""
        planned = None if self.resumed is None else self.resumed.planned
        if planned is None or planned == epochs or self.validation is None:
            return
        if over:
            self.report.warn(
                f"the training had stopped early, with epoch {self.best_epoch} as its best: more epochs change nothing "
                "(a larger --patience lets it go on)"
            )
        elif self._every != step_of(epochs):
            now, new = (counted(step, "epochs") for step in (self._every, step_of(epochs)))
            self.report.warn(f"judged every {now}, as before; a training of {epochs} epochs is judged every {new}")

    def _over(self, number: int) -> bool:
        return self.validation is not None and number - self.best_epoch >= self.patience * self._every

    def _words(self, seen: dict[str, Any]) -> str:
        words = f"loss {seen['loss']:.4f}"
        if self.validation is not None and self.best_epoch:
            name = self.validation.measure.name
            words += f" · {name} {self.curve[-1]['value'] or self.best:.4f} (best {self.best:.4f} in {self.best_epoch})"
        return words


class StopAtEpoch(NoCallback):
    """Trains to one epoch, in silence."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def epoch(self, number: int, loss: float, recommender: Iterative) -> bool:
        """Stop there."""
        return number >= self._epoch

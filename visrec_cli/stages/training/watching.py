"""Looks on while a model is trained: loss and validation, early stopping, the best epoch, checkpoints."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from visrec_cli.recommenders.base import Arrays
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.training.checkpoints import Checkpoint, save_checkpoint

_LOOKS = 20  # times a training is judged: judging costs an epoch or two, and steps of gradients need time to show


class Learner(Protocol):
    """What learns: a recommender (recommenders.base.Iterative) or a picture model (encoders.learning.learner)."""

    def model(self) -> Any:
        """What has been learned so far, as its judge wants it."""

    def state(self) -> Arrays:
        """Everything that changes from epoch to epoch."""

    def restore(self, state: Arrays) -> None:
        """Go back to what ``state`` gave."""


class Goal(Protocol):
    """A number that is to become better."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def worst(self) -> float:
        """What everything beats."""

    def better(self, new: float, old: float) -> bool:
        """Whether ``new`` beats ``old``."""


class Judge(Protocol):
    """Says how good a model is on what it did not learn from."""

    @property
    def measure(self) -> Goal:
        """In what."""

    def score(self, model: Any) -> float:
        """How good."""


class Watching:
    """Implements recommenders.base.Watch, for whatever learns in epochs.

    With a validation the best epoch is kept, and training stops after ``patience`` looks without a better one.
    ``curve`` holds what was seen: epoch, loss and (where it was judged) the metric.
    """

    def __init__(
        self,
        report: Report,
        validation: Judge | None,
        *,
        patience: int,
        phase: str = "search",
        save: Path | None = None,
        resumed: Checkpoint | None = None,
        about: dict[str, Any] | None = None,
    ) -> None:
        self.report, self.validation, self.patience, self.phase = report, validation, patience, phase
        self.save, self.resumed, self.about = save, resumed, about or {}
        self.curve: list[dict[str, Any]] = []
        self.best_epoch, self.best = 0, validation.measure.worst if validation else np.nan
        self._kept: Arrays = {}
        self._every, self._epochs = 1, 0

    def begin(self, epochs: int, recommender: Learner) -> int:
        """Announce the work, and go to where a checkpoint was."""
        self._every, self._epochs = max(1, epochs // _LOOKS), epochs
        self.report.expect(epochs, "epochs")
        if self.resumed is None:
            return 0
        recommender.restore(self.resumed.state)
        self.curve, self.best, self.best_epoch = self.resumed.curve, self.resumed.best, self.resumed.best_epoch
        self._kept = self.resumed.kept
        self.report.advance(self.resumed.epoch)
        return self.resumed.epoch if not self._over(self.resumed.epoch) else epochs

    def epoch(self, number: int, loss: float, recommender: Learner) -> bool:
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
            state = {name: np.asarray(array) for name, array in recommender.state().items()}
            at = Checkpoint(self.phase, number, self.best_epoch, self.best, self.curve, state, self._kept, self.about)
            save_checkpoint(self.save, at)
        return self._over(number)

    def end(self, recommender: Learner) -> None:
        """Go back to the best epoch."""
        if self._kept:
            recommender.restore(self._kept)

    def _over(self, number: int) -> bool:
        return self.validation is not None and number - self.best_epoch >= self.patience * self._every

    def _words(self, seen: dict[str, Any]) -> str:
        words = f"loss {seen['loss']:.4f}"
        if self.validation is not None and self.best_epoch:
            name = self.validation.measure.name
            words += f" · {name} {self.curve[-1]['value'] or self.best:.4f} (best {self.best:.4f} in {self.best_epoch})"
        return words

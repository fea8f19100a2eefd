"""Looks on while a model is trained: loss and validation, early stopping, the best epoch, checkpoints."""

from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.recommenders.base import Arrays, Iterative
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.training.checkpoints import Checkpoint, save_checkpoint
from visrec_cli.stages.training.validation import Validation

_LOOKS = 20  # times a training is judged: judging costs an epoch or two, and steps of gradients need time to show


class Watching:
    """Implements recommenders.base.Watch.

    With a validation the best epoch is kept, and training stops after ``patience`` looks without a better one.
    ``curve`` holds what was seen: epoch, loss and (where it was judged) the metric.
    """

    def __init__(
        self,
        report: Report,
        validation: Validation | None,
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

    def begin(self, epochs: int, recommender: Iterative) -> int:
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

    def epoch(self, number: int, loss: float, recommender: Iterative) -> bool:
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

    def end(self, recommender: Iterative) -> None:
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

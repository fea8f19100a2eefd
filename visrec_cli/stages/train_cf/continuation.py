"""Training continued from a checkpoint, with as many epochs or more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.plan import Plan
from visrec_cli.training.checkpoint import Checkpoint, load_checkpoint, require_epochs
from visrec_cli.training.schedule import as_of, step_of


class Continuation:
    """What a checkpoint is to the training that goes on from it, which ends in the model of a single one.

    epochs: how many that is to have; the checkpoint was perhaps of fewer. A fit on all that is known follows the search
    of the best epoch; more epochs are more of the search, and then perhaps more of the fit. Raises UsageError where
    fewer epochs are asked for than are done; see load_checkpoint for the rest.
    """

    def __init__(self, path: Path, about: dict[str, Any], plan: Plan, report: Report) -> None:
        self._at, self._plan, self._report = load_checkpoint(path, about), plan, report
        self._epochs = int(plan.make(plan.settings).set["epochs"])
        require_epochs(path, self._at, self._epochs, "--set epochs=")
        planned = self._at.planned
        if planned is not None and self._epochs < planned:
            report.warn(f"training continues to {self._epochs} epochs instead of {planned}")

    @property
    def after_search(self) -> bool:
        """Whether the checkpoint is of a fit that follows a search."""
        return self._at.phase == "refit"

    @property
    def facts(self) -> dict[str, Any]:
        """How the search that is over was judged; empty within it."""
        return dict(self._at.facts)

    @property
    def settings(self) -> dict[str, Any]:
        """What was asked for, by name, and what a search had found."""
        return dict(self._at.about["settings"])

    @property
    def numbers(self) -> dict[str, dict[str, float]]:
        """By phase, what settings that the log decides became."""
        return dict(self._at.about.get("auto", {}))

    @property
    def searched(self) -> list[dict[str, Any]] | None:
        """The curve of a search that is over and needs no more; None where it goes on, or begins anew.

        Checkpoints of the first release do not hold the search beside the fit that follows it.
        """
        if not self.after_search or self._at.search is not None:
            return None
        past = self._as_of(replace(self._at, phase="search"))
        stopped = self._at.done - past.best_epoch >= self._plan.options.patience * step_of(self._epochs, past.curve)
        same = self._at.planned in (None, self._epochs)
        if same or (stopped and past.best_epoch == self.facts.get("epochs")):
            return [seen for seen in self._at.curve if seen["phase"] == "search"]
        self._report.warn("the checkpoint does not contain the search for the best epoch, which starts again")
        return None

    def within(self, phase: str, epochs: int) -> Checkpoint | None:
        """Where this phase, which is to have so many epochs, goes on; None where it begins."""
        if phase == "search":
            search = self._at.search
            return None if search is None else self._as_of(search)
        return self._at if self._at.phase == phase and self._at.epoch <= epochs else None

    def _as_of(self, at: Checkpoint) -> Checkpoint:
        return as_of(at, self._epochs, self._plan.measure, self._plan.options.patience)

"""Search, fit, and fit again on everything: the order of a training."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.catalogue import find
from visrec_cli.errors import UsageProblem
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.private import Privacy
from visrec_cli.runtime.reporting import Report
from visrec_cli.runtime.words import counted
from visrec_cli.stages.training.checkpoints import load_checkpoint
from visrec_cli.stages.training.parts import held_back
from visrec_cli.stages.training.tuning import Trial, tune
from visrec_cli.stages.training.validation import Measure, Validation
from visrec_cli.stages.training.watching import Watching

_JUDGES = 5_000  # users asked for the value that is reported; while training, a smaller panel will do
_PANEL = 2_000


@dataclass(frozen=True)
class Plan:
    """What to train and how; see stages.train_cf."""

    kind: type[Recommender]
    settings: dict[str, Any]
    measure: Measure
    seed: int
    device: str
    share: float
    patience: int
    refit: bool | None
    trials: int
    privacy: Privacy | None = None

    def make(self, settings: dict[str, Any]) -> Recommender:
        """The recommender with these settings."""
        private = {} if self.privacy is None else {"privacy": self.privacy}
        return self.kind(seed=self.seed, device=self.device, **private, **settings)

    @property
    def in_epochs(self) -> bool:
        """Whether it learns in epochs, so that it can stop early."""
        return "epochs" in self.kind.settings


class Fitting:
    """One training. ``curve`` is what was seen on the way.

    held: interactions to judge by that came with the log; without them a share is held back where judging is of use
    (epochs to count, or settings to search), and given back afterwards for the final fit.
    """

    def __init__(
        self,
        plan: Plan,
        log: Log,
        content: Content | None,
        held: Log | None,
        report: Report,
        *,
        save: Path | None = None,
        resume: Path | None = None,
    ) -> None:
        self.plan, self.log, self.content, self.report, self.save = plan, log, content, report, save
        self.curve: list[dict[str, Any]] = []
        self.learned, truth = log, None if held is None else held.matrix
        self._own_part = False
        if held is None and plan.share > 0 and (plan.in_epochs or plan.trials):
            mask = held_back(log, plan.share, plan.seed, latest=plan.kind.needs_times)
            self._own_part = bool(mask.any())
            if self._own_part:
                self.learned, truth = log.only(~mask), log.only(mask).matrix
        seen = self.learned.matrix
        self.panel, self.judges = (
            None if truth is None else Validation(seen, truth, plan.measure, seed=plan.seed, at_most=n)
            for n in (_PANEL, _JUDGES)
        )
        if (save or resume) and not plan.in_epochs:
            raise UsageProblem(
                f"{plan.kind.name} is fitted in one step", fix="leave out --save-checkpoint and --resume"
            )
        if plan.trials and self.panel is None:
            raise UsageProblem(
                "--tune needs something to judge by", fix="--validation 0.1, or a split with validation rows"
            )
        self.resumed = None if resume is None else load_checkpoint(resume, self._about(plan.settings))

    def run(self) -> Model:
        """Search for settings if asked, fit, and fit again on everything if a part was held back for that."""
        plan, settings, trials = self.plan, dict(self.plan.settings), list[Trial]()
        if plan.trials:
            trials = tune(
                plan.kind, self._attempt, trials=plan.trials, fixed=settings, measure=plan.measure, seed=plan.seed,
                report=self.report,
            )  # fmt: skip
            settings |= trials[0].settings
        again = self._own_part and plan.refit is not False
        facts: dict[str, Any] = {}
        epochs: int | None = None
        if self.panel is not None and not (self.resumed and self.resumed.phase == "refit"):
            model, watch = self._fit(self.learned, settings, "search")
            facts, epochs = self._judged(model, watch, trials), watch.best_epoch or None
        elif self.resumed is not None:
            facts = dict(self.resumed.about["facts"])
            epochs = facts.get("epochs")
        if self.panel is None or again:
            if epochs is not None and plan.in_epochs:
                settings["epochs"] = epochs
            model, _ = self._fit(self.log, settings, "refit" if again else "fit", facts)
        return model.with_facts(**facts)

    def _fit(
        self, log: Log, settings: dict[str, Any], phase: str, facts: dict[str, Any] | None = None
    ) -> tuple[Model, Watching]:
        resumed = self.resumed if self.resumed and self.resumed.phase == phase else None
        watch = Watching(
            self.report,
            self.panel if phase == "search" else None,
            patience=self.plan.patience,
            phase=phase,
            save=self.save,
            resumed=resumed,
            about=self._about(self.plan.settings) | {"facts": facts or {}},
        )
        watch.curve = list(self.curve)
        model = self.plan.make(settings).fit(log, self.content, watch)
        self.curve = watch.curve
        return model, watch

    def _attempt(self, settings: dict[str, Any]) -> float:
        assert self.panel is not None
        watch = Watching(_Silent(), self.panel, patience=self.plan.patience)
        model = self.plan.make(settings).fit(self.learned, self.content, watch)
        return watch.best if watch.best_epoch else self.panel.score(model)

    def _judged(self, model: Model, watch: Watching, trials: list[Trial]) -> dict[str, Any]:
        """Score the model on the validation part, beside popularity, and say both."""
        assert self.judges is not None
        measure, value = self.plan.measure, self.judges.score(model)
        facts: dict[str, Any] = {"metric": measure.name, "validation": round(value, 6)}
        words = f"validation {measure.name} {value:.4f}"
        if watch.best_epoch:
            facts["epochs"] = watch.best_epoch
            words += f" after {counted(watch.best_epoch, 'epochs')}"
        if trials:
            facts["trials"] = len(trials)
            words += f", best of {len(trials)} trials"
        if measure.name != "rmse" and self.plan.kind.name != "popularity":
            plain = self.judges.score(find("recommender", "popularity")().fit(self.learned, None, None))
            words += f" (popularity: {plain:.4f})"
            if value < plain:
                self.report.warn(
                    f"{self.plan.kind.name} is worse than plain popularity on the validation part: try --tune 30, or "
                    "another --model"
                )
        self.report.say(words)
        return facts

    def _about(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": self.plan.kind.name,
            "settings": {name: str(value) for name, value in self.plan.make(settings).set.items()},
            "seed": self.plan.seed,
            "data": self._data,
        }

    @cached_property
    def _data(self) -> str:
        """A hash of what is learned from."""
        digest = hashlib.sha256()
        matrix = self.learned.matrix
        for array in (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data):
            digest.update(np.ascontiguousarray(array).tobytes())
        if self.plan.kind.needs_times and self.learned.times is not None:
            digest.update(self.learned.times.tobytes())
        digest.update("\n".join((*self.log.users, *self.log.items)).encode())
        if self.content is not None:
            digest.update(self.content.vectors.tobytes())
        return digest.hexdigest()[:16]


class _Silent(Report):
    """The bar of a search counts trials, not the epochs within one."""

    def expect(self, total: int | None, unit: str) -> None:
        """Nothing."""

    def advance(self, n: int = 1) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

"""Search, fit, and fit again on all that is known: the order of a training."""

from functools import cached_property
from pathlib import Path
from typing import Any

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.holdout import held_back
from visrec_cli.recommenders.base import Arrays, Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.registry import find
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.settings import idle
from visrec_cli.stages.train_cf.auto_settings import as_before, auto_of, auto_words, before_words, settled
from visrec_cli.stages.train_cf.continuation import Continuation
from visrec_cli.stages.train_cf.plan import Plan, TrainingData
from visrec_cli.stages.train_cf.setting_search import Trial, tune
from visrec_cli.stages.train_cf.validation import Validation
from visrec_cli.training.callbacks import StopAtEpoch, TrainingMonitor

_JUDGES = 5_000  # users asked for the value that is reported; while training, a smaller panel will do
_PANEL = 2_000


class Fitting:
    """One training. ``curve`` is what was seen on the way; ``fitted`` the log that the model learned from at last.

    held: interactions to judge by that came with the log, and known: those and ``log`` together. Without them a share
    is held back where judging is of use (epochs to count, or settings to search) or asked for. With ``fit_on`` known,
    the settings and epochs that were chosen are then fitted again on all of it. Raises UsageError for a plan that
    cannot be carried out on this log.
    """

    def __init__(
        self,
        plan: Plan,
        log: Log,
        content: Content | None,
        held: Log | None,
        report: Report,
        *,
        known: TrainingData | None = None,
        save: Path | None = None,
        resume: Path | None = None,
    ) -> None:
        self.plan, self.settings, self.report, self.save = plan, dict(plan.settings), report, save
        self.curve: list[dict[str, Any]] = []
        self._last: Arrays = {}  # the state in which the search ended
        self.train, self.content, truth = log, content, None if held is None else held.matrix
        self.known = known or TrainingData(log, content)
        if held is not None and plan.share is not None:
            raise UsageError(
                "--validation holds a share back, and the column 'split' already defines the validation rows",
                fix="leave out --validation, or split the log anew: visrec split --replace --validation N",
            )
        if held is None and plan.held_share:
            mask = held_back(log, plan.held_share, plan.seed, latest=plan.kind.needs_times)
            if mask.any():
                self.train, truth = log.only(~mask), log.only(mask).matrix
            else:
                report.warn("every user has a single interaction: none could be held back for validation")
        seen = self.train.matrix
        self.panel, self.judges = (
            None if truth is None else Validation(seen, truth, plan.measure, seed=plan.seed, at_most=n)
            for n in (_PANEL, _JUDGES)
        )
        self._truth = truth
        self._check(save, resume)
        self.resumed = None if resume is None else Continuation(resume, self._about, plan, report)
        self._numbers: dict[str, dict[str, Any]] = {}  # by phase, what settings that are AUTO became
        if self.resumed is not None:
            before = as_before(plan.kind, self.settings, self.resumed.settings)
            self.settings |= before
            self._numbers |= self.resumed.numbers
            if before:
                report.say(before_words(plan.kind, before))
        if self.resumed is not None and self.resumed.after_search and not self._again:
            raise InputError(
                f"{resume} is from a training that is refitted on all known data",
                fix="leave out --fit-on train, or start again without --resume",
            )

    def _check(self, save: Path | None, resume: Path | None) -> None:
        kind, private = self.plan.kind.name, self.plan.privacy is not None
        if (save or resume) and not self.plan.in_epochs:
            raise UsageError(f"{kind} is fitted in one step", fix="leave out --save-checkpoint and --resume")
        if self.panel is not None or private:  # of privacy, see privacy.for_privacy
            return
        if self.plan.trials:
            raise UsageError("--tune needs validation data", fix="--validation 0.1, or a split with validation rows")
        if self.plan.fit_on == "train":
            raise UsageError(
                f"--fit-on train: nothing is held back from {kind}, which learns from every row that is not for test",
                fix="leave it out; or --validation 0.1, or a split with validation rows",
            )

    @property
    def _again(self) -> bool:
        return self.panel is not None and self.plan.fit_on == "known"

    @property
    def fitted(self) -> Log:
        """What the model has learned from at last."""
        return self.train if self.panel is not None and self.plan.fit_on == "train" else self.known.log

    @property
    def of_which(self) -> str:
        """What of the log that is, in words behind ``interactions fitted``; empty where nothing was held back."""
        if self.panel is None:
            return ""
        return ", train and validation" if self._again else ", train alone"

    def run(self) -> Model:
        """Search for settings if asked, fit, and fit again on all that is known unless the plan says otherwise."""
        plan, trials = self.plan, list[Trial]()
        if plan.trials:
            kind = plan.kind
            useless = idle(kind.settings, self.settings, kind.inputs(self.train, self.content))
            fixed = {name: kind.settings[name].default for name in useless} | self.settings
            trials = tune(
                kind, self._attempt, trials=plan.trials, fixed=fixed, log=self.train, measure=plan.measure,
                seed=plan.seed, report=self.report,
            )  # fmt: skip
            self.settings |= trials[0].settings
        settings = dict(self.settings)
        facts: dict[str, Any] = {}
        model: Model | None = None
        if self.panel is not None:
            model, facts = self._search(settings, trials)
        if self.panel is None or self._again:
            if "epochs" in facts and plan.in_epochs:
                settings["epochs"] = facts["epochs"]
            model, _ = self._fit(self.known, settings, "refit" if self._again else "fit", facts)
        assert model is not None
        auto = auto_of(plan.kind, self.settings)
        if auto:
            self.report.say(auto_words(plan.kind, model.settings, auto))
            facts["auto"] = list(auto)
        return model.with_facts(**facts, **self._fit_facts())

    def _search(self, settings: dict[str, Any], trials: list[Trial]) -> tuple[Model | None, dict[str, Any]]:
        """The model of the best epoch, None where it is asked for no more, and how good it is."""
        at, data = self.resumed, TrainingData(self.train, self.content)
        over = None if at is None else at.searched
        if at is not None and over is not None:
            self.curve = over
            return None, at.facts
        model, callback = self._fit(data, settings, "search")
        self._last = callback.last
        if at is not None and at.after_search and at.facts.get("epochs") == callback.best_epoch:
            return None, at.facts  # judged before
        if callback.lost:
            model = self._made(settings, "search", data.log).fit(
                data.log, data.content, StopAtEpoch(callback.best_epoch)
            )
        return model, self._judged(model, callback, trials)

    def _fit_facts(self) -> dict[str, Any]:
        """On what the model was fitted, for its metadata; how many interactions that is, unless it is a secret."""
        facts: dict[str, Any] = {"fit_on": self.plan.fit_on}
        if self.plan.privacy is None:
            facts["interactions"] = int(self.fitted.matrix.nnz)
            if self._truth is not None:
                facts["validation_interactions"] = int(self._truth.nnz)
        return facts

    def _made(self, settings: dict[str, Any], phase: str, log: Log) -> Recommender:
        """The recommender of a phase; what is AUTO stays what it was where the phase goes on from a checkpoint."""
        self._numbers[phase] = settled(self.plan.kind, settings, log, self._numbers.get(phase, {}))
        return self.plan.make({**settings, **self._numbers[phase]})

    def _fit(
        self, data: TrainingData, settings: dict[str, Any], phase: str, facts: dict[str, Any] | None = None
    ) -> tuple[Model, TrainingMonitor]:
        made = self._made(settings, phase, data.log)
        callback = TrainingMonitor(
            self.report,
            self.panel if phase == "search" else None,
            patience=self.plan.patience,
            phase=phase,
            save=self.save,
            resumed=None if self.resumed is None else self.resumed.within(phase, made.set.get("epochs", 0)),
            about=None if self.save is None else {**self._about, "auto": dict(self._numbers), "facts": facts or {}},
            searched=self._last if phase == "refit" else None,
        )
        callback.curve = list(self.curve)
        model = made.fit(data.log, data.content, callback)
        self.curve = callback.curve
        return model, callback

    def _attempt(self, settings: dict[str, Any]) -> float:
        assert self.panel is not None
        callback = TrainingMonitor(_Silent(), self.panel, patience=self.plan.patience)
        model = self.plan.make(settings).fit(self.train, self.content, callback)
        return callback.best if callback.best_epoch else self.panel.score(model)

    def _judged(self, model: Model, callback: TrainingMonitor, trials: list[Trial]) -> dict[str, Any]:
        """Score the model on the validation part, beside popularity, and say both."""
        assert self.judges is not None
        measure, value = self.plan.measure, self.judges.score(model)
        facts: dict[str, Any] = {"metric": measure.name, "validation": round(value, 6)}
        words = f"validation {measure.name} {value:.4f}"
        if callback.best_epoch:
            facts["epochs"] = callback.best_epoch
            words += f" after {counted(callback.best_epoch, 'epochs')}"
        if trials:
            facts["trials"] = len(trials)
            words += f", best of {len(trials)} trials"
        if measure.name != "rmse" and self.plan.kind.name != "popularity":
            plain = self.judges.score(find("recommender", "popularity")().fit(self.train, None, None))
            words += f" (popularity: {plain:.4f})"
            if value < plain:
                self.report.warn(
                    f"{self.plan.kind.name} is worse than plain popularity on the validation part: try --tune 30, or "
                    "another --model"
                )
        self.report.say(words)
        return facts

    @property
    def _about(self) -> dict[str, Any]:
        """What a checkpoint is of."""
        plan, (learned, known) = self.plan, self._digests
        return {
            "model": plan.kind.name,
            "settings": {name: str(value) for name, value in plan.make(self.settings).asked.items()},
            "seed": plan.seed,
            "data": learned,
            "metric": plan.measure.name,
            "fit_on": plan.fit_on,
            "known": known,
        }

    @cached_property
    def _digests(self) -> tuple[str, str | None]:
        """Of what is learned from, and of all that is known if the model is fitted again on that."""
        times = self.plan.kind.needs_times
        learned = TrainingData(self.train, self.content).digest(times=times)
        return learned, self.known.digest(times=times) if self._again else None


class _Silent(Report):
    """The bar of a search counts trials, not the epochs within one."""

    def expect(self, total: int | None, unit: str) -> None:
        """Nothing."""

    def advance(self, n: int = 1) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

"""The steps of a training: search, fit, and refit on all known data."""

from functools import cached_property
from pathlib import Path
from typing import Any

from visrec_cli.errors import InputError, UsageError
from visrec_cli.recommenders.base import Arrays, Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.settings import idle
from visrec_cli.stages.train_cf.auto_settings import as_before, auto_of, auto_words, before_words, settled
from visrec_cli.stages.train_cf.continuation import Continuation
from visrec_cli.stages.train_cf.held_out import hold_out
from visrec_cli.stages.train_cf.plan import Plan, TrainingData
from visrec_cli.stages.train_cf.setting_search import Silent, Trial, tune
from visrec_cli.training.callbacks import StopAtEpoch, TrainingMonitor


class TrainingRun:
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
        self.content, self.known = content, known or TrainingData(log, content)
        self.held_out = hold_out(plan, log, held, report)
        self.train = self.held_out.train
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
        kind, private = self.plan.kind.name, self.plan.options.privacy is not None
        if (save or resume) and not self.plan.in_epochs:
            raise UsageError(f"{kind} is fitted in one step", fix="leave out --save-checkpoint and --resume")
        if self.held_out.judged or private:  # of privacy, see privacy.for_privacy
            return
        if self.plan.options.tune:
            raise UsageError("--tune needs validation data", fix="--validation 0.1, or a split with validation rows")
        if self.plan.options.fit_on == "train":
            raise UsageError(
                f"--fit-on train: nothing is held back from {kind}, which learns from every row that is not for test",
                fix="leave it out; or --validation 0.1, or a split with validation rows",
            )

    @property
    def _again(self) -> bool:
        return self.held_out.judged and self.plan.options.fit_on == "known"

    @property
    def fitted(self) -> Log:
        """What the model has learned from at last."""
        return self.train if self.held_out.judged and self.plan.options.fit_on == "train" else self.known.log

    @property
    def of_which(self) -> str:
        """What of the log that is, in words behind ``interactions fitted``; empty where nothing was held back."""
        if not self.held_out.judged:
            return ""
        return ", train and validation" if self._again else ", train alone"

    def run(self) -> Model:
        """Search for settings if asked, fit, and fit again on all that is known unless the plan says otherwise."""
        plan, trials = self.plan, list[Trial]()
        if plan.options.tune:
            kind = plan.kind
            useless = idle(kind.settings, self.settings, kind.inputs(self.train, self.content))
            fixed = {name: kind.settings[name].default for name in useless} | self.settings
            trials = tune(
                kind, self._attempt, trials=plan.options.tune, fixed=fixed, log=self.train, measure=plan.measure,
                seed=plan.options.seed, report=self.report,
            )  # fmt: skip
            self.settings |= trials[0].settings
        settings = dict(self.settings)
        facts: dict[str, Any] = {}
        model: Model | None = None
        if self.held_out.judged:
            model, facts = self._search(settings, trials)
        if not self.held_out.judged or self._again:
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
        return model, self.held_out.judgement(model, callback.best_epoch, len(trials), self.report)

    def _fit_facts(self) -> dict[str, Any]:
        """On what the model was fitted, for its metadata; how many interactions that is, unless it is a secret."""
        facts: dict[str, Any] = {"fit_on": self.plan.options.fit_on}
        if self.plan.options.privacy is None:
            facts["interactions"] = int(self.fitted.matrix.nnz)
            if self.held_out.truth is not None:
                facts["validation_interactions"] = int(self.held_out.truth.nnz)
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
            self.held_out.panel if phase == "search" else None,
            patience=self.plan.options.patience,
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
        assert self.held_out.panel is not None
        callback = TrainingMonitor(Silent(), self.held_out.panel, patience=self.plan.options.patience)
        model = self.plan.make(settings).fit(self.train, self.content, callback)
        return callback.best if callback.best_epoch else self.held_out.panel.score(model)

    @property
    def _about(self) -> dict[str, Any]:
        """What a checkpoint is of."""
        plan, (learned, known) = self.plan, self._digests
        return {
            "model": plan.kind.name,
            "settings": {name: str(value) for name, value in plan.make(self.settings).given.items()},
            "seed": plan.options.seed,
            "data": learned,
            "metric": plan.measure.name,
            "fit_on": plan.options.fit_on,
            "known": known,
        }

    @cached_property
    def _digests(self) -> tuple[str, str | None]:
        """Of what is learned from, and of all that is known if the model is fitted again on that."""
        times = self.plan.kind.needs_times
        learned = TrainingData(self.train, self.content).digest(times=times)
        return learned, self.known.digest(times=times) if self._again else None

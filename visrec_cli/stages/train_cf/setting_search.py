"""The search for settings, on the validation part only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.errors import UsageError, VisrecError
from visrec_cli.recommenders.base import Recommender, Setting
from visrec_cli.recommenders.data import Log
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_cf.validation import Measure


@dataclass(frozen=True)
class Trial:
    """One try: its settings (those that were searched), and what they were worth on the validation part."""

    number: int
    settings: dict[str, Any]
    value: float


def tune(
    kind: type[Recommender],
    attempt: Callable[[dict[str, Any]], float],
    *,
    trials: int,
    fixed: dict[str, Any],
    log: Log,
    measure: Measure,
    seed: int,
    report: Report,
) -> list[Trial]:
    """Try settings, first the defaults, then where Optuna's TPE expects the most; the best trial is the first returned.

    attempt: from all settings to the metric on the validation part. fixed: settings that are not searched. log: what is
    learned from: a setting that suits it by default is searched around what suits it. Raises UsageError where there
    is nothing to search, and what the attempts raise if all of them fail.
    Source: Bergstra et al. 2011 (TPE).
    """
    import optuna

    knobs = {name: knob for name, knob in kind.settings.items() if name not in fixed and _searched(knob)}
    if not knobs:
        raise UsageError(f"{kind.name} has no settings left to search", fix="leave out --tune, or some of --set")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    lower = measure.name == "rmse"
    study = optuna.create_study(
        direction="minimize" if lower else "maximize", sampler=optuna.samplers.TPESampler(seed=seed)
    )
    study.enqueue_trial({name: 1.0 if knob.auto else knob.default for name, knob in knobs.items()})
    done: list[Trial] = []
    failures: list[VisrecError] = []
    report.expect(trials, "trials")
    for number in range(1, trials + 1):
        asked = study.ask()
        drawn = {name: _suggest(asked, name, knob) for name, knob in knobs.items()}
        times = {name: drawn.pop(name) for name, knob in knobs.items() if knob.auto}
        whole = kind.resolved({**fixed, **drawn}, log, times)
        settings = {name: whole[name] for name in knobs}
        try:
            value = attempt(whole)
        except (UsageError, FloatingPointError) as error:  # numbers that ran away say where not to look
            failures += [error] if isinstance(error, VisrecError) else []
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            report.say(f"trial {number:>3} of {trials}: failed ({error}){_listed(settings)}")
        else:
            study.tell(asked, value)
            done.append(Trial(number, settings, value))
            best = min(done, key=lambda t: _order(t, lower))
            marks = "  best so far" if best.number == number else ""
            report.say(f"trial {number:>3} of {trials}: {measure.name} {value:.4f}{_listed(settings)}{marks}")
        report.advance()
        report.note(f"best {measure.name} {min(done, key=lambda t: _order(t, lower)).value:.4f}" if done else "")
    if not done:
        raise failures[0]
    return sorted(done, key=lambda trial: _order(trial, lower))


def _order(trial: Trial, lower: bool) -> tuple[float, int]:
    value = trial.value if lower else -trial.value
    return (np.inf if np.isnan(value) else value, trial.number)


def _searched(knob: Setting) -> bool:
    return bool(knob.choices) or knob.low is not None


def _suggest(trial: Any, name: str, knob: Setting) -> Any:
    if knob.choices:
        return trial.suggest_categorical(name, list(knob.choices))
    assert knob.low is not None
    assert knob.high is not None
    if isinstance(knob.default, int):
        return trial.suggest_int(name, int(knob.low), int(knob.high), log=knob.log)
    return trial.suggest_float(name, knob.low, knob.high, log=knob.log)


def _listed(settings: dict[str, Any]) -> str:
    return "  " + " ".join(f"{n}={v:.4g}" if isinstance(v, float) else f"{n}={v}" for n, v in settings.items())


class Silent(Report):
    """The bar of a search counts trials, not the epochs within one."""

    def expect(self, total: int | None, unit: str) -> None:
        """Nothing."""

    def advance(self, n: int = 1) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

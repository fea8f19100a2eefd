"""Gates for CI: --fail-under and --fail-if-worse-than."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from visrec_cli.errors import CheckFailedError, UsageError, unknown
from visrec_cli.metrics.base import Exposure
from visrec_cli.reports.evaluation import Verdict
from visrec_cli.stages.eval.comparisons import compare
from visrec_cli.stages.eval.metric_spec import MetricSpec, wanted
from visrec_cli.stages.eval.user_scores import PerUserScores


@dataclass(frozen=True)
class Floor:
    """``--fail-under ndcg@10=0.20``: the least that a metric may be; of errors (rmse) the most."""

    metric: MetricSpec
    bar: float

    @property
    def condition(self) -> str:
        """In words."""
        return f"{self.metric.name} is {self._asked}"

    @property
    def _asked(self) -> str:
        return f"at {'most' if self.metric.kind.better == 'less' else 'least'} {self.bar:g}"

    def judge(self, run: PerUserScores) -> Verdict:
        """A metric that means nothing for anybody does not pass."""
        value = run.mean(self.metric.name)
        passed = value <= self.bar if self.metric.kind.better == "less" else value >= self.bar
        statement = "is undefined for every user" if np.isnan(value) else f"is {value:.4f}"
        sentence = f"{run.run}: {self.metric.name} {statement}, {self._asked} is asked for"
        return Verdict(run.run, self.condition, bool(passed), sentence)


def floors_of(texts: Sequence[str]) -> tuple[Floor, ...]:
    """From ``ndcg@10=0.20`` to floors. Raises UsageError for what is none, or of a metric of which neither
    more nor less is better."""
    found = []
    for text in texts:
        name, equals, bar = text.partition("=")
        try:
            number = float(bar)
        except ValueError:
            number = float("nan")
        if not equals or not np.isfinite(number):
            raise UsageError(f"{text!r} is not a condition", fix="--fail-under ndcg@10=0.20")
        (metric,) = wanted([name.strip()])
        if not metric.kind.better:
            raise UsageError(f"more {metric.name} is neither better nor worse: it makes no gate", fix="ndcg@10=0.20")
        found.append(Floor(metric, number))
    return tuple(found)


def judged_by_floors(runs: Sequence[PerUserScores], floors: Sequence[Floor]) -> tuple[Verdict, ...]:
    """Every run by every floor. Raises UsageError for a metric that was not computed."""
    for floor in floors:
        for run in runs:
            if floor.metric.name not in run.values and floor.metric.name not in run.exposure:
                raise unknown("metric of this evaluation", floor.metric.name, [*run.values, *run.exposure])
    return tuple(floor.judge(run) for floor in floors for run in runs)


def judged_by_base(
    runs: Sequence[PerUserScores], base: PerUserScores, asked: Sequence[MetricSpec], *, strict: bool = False
) -> tuple[Verdict, ...]:
    """Every run by every metric that has a good and a bad side: is it no worse than ``base``?

    Worse is what the paired test calls worse, at 5 % after Holm's correction over the run's metrics: two runs that are
    equally good pass in 95 of 100 cases, however few users there are, and a loss that so few users cannot show passes
    too. strict: worse is every mean on the bad side of the base's; a metric of all lists together (coverage), which no
    test can judge, is judged so alone.
    """
    judged = [one for one in asked if one.kind.better]
    return tuple(verdict for run in runs for verdict in _judged(run, base, judged, strict))


def _judged(run: PerUserScores, base: PerUserScores, asked: Sequence[MetricSpec], strict: bool) -> Iterator[Verdict]:
    tested = {one.metric: one for one in compare([base, run], asked)}
    for metric in asked:
        exposure = issubclass(metric.kind, Exposure)
        if exposure and not strict:
            continue
        condition = f"{metric.name} is {'not at all' if strict else 'not'} worse than {base.run}'s"
        run_mean, base_mean = run.mean(metric.name), base.mean(metric.name)
        sentence = f"{run.run} has {metric.name} {run_mean:.4f}, and {base.run} {base_mean:.4f}"
        if strict:
            sign = -1 if metric.kind.better == "less" else 1
            passed = sign * (run_mean - base_mean) >= -1e-12
        else:
            passed = tested[metric].verdict != "worse"
            sentence = tested[metric].sentence
        yield Verdict(run.run, condition, bool(passed), sentence)


def refusal_of(verdicts: Sequence[Verdict]) -> CheckFailedError | None:
    """What to raise when everything has been written, if a gate is shut."""
    failed = [one for one in verdicts if not one.passed]
    if not failed:
        return None
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return CheckFailedError(f"{failed[0].sentence}{more}", fix="the gate asks that " + failed[0].condition)

"""Paired comparisons of runs over the same users: differences and significance."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pyarrow as pa

from visrec_cli.errors import unknown
from visrec_cli.metrics.base import PerUser
from visrec_cli.metrics.significance import SIGNIFICANT, holm
from visrec_cli.stages.eval.metric_spec import MetricSpec
from visrec_cli.stages.eval.uncertainty import LEVEL
from visrec_cli.stages.eval.user_scores import PerUserScores, finish_of

ALL_PAIRS = 5  # up to so many runs each is compared with each; of more, each with the reference
SCHEMA = pa.schema([
    ("metric", pa.string()), ("k", pa.int32()), ("run", pa.string()), ("other", pa.string()),
    ("difference", pa.float64()), ("ci_low", pa.float64()), ("ci_high", pa.float64()),
    ("p", pa.float64()), ("p_holm", pa.float64()), ("effect", pa.float64()), ("n", pa.int64()),
    ("verdict", pa.string()), ("sentence", pa.string()),
])  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """``run`` less ``other``, over the n users for whom both have a value.

    low, high: its interval (95 %). p: of the paired t test, two-sided; p_holm: after Holm's correction for all that
    were compared. effect: Cohen's d_z, the mean difference in standard deviations of the users' differences. NaN where
    fewer than two users have a value under both.
    """

    metric: MetricSpec
    run: str
    other: str
    mean: float
    low: float
    high: float
    p: float
    effect: float
    n: int
    p_holm: float = float("nan")

    @property
    def holds(self) -> bool:
        """Whether it is more than chance explains."""
        return self.p_holm < SIGNIFICANT

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` (``more``, ``less``, for a metric where neither is better), or ``unclear``."""
        if not self.holds:
            return "unclear"
        good = {"more": self.mean > 0, "less": self.mean < 0}.get(self.metric.kind.better)
        return ("more" if self.mean > 0 else "less") if good is None else "better" if good else "worse"

    @property
    def sentence(self) -> str:
        """The same in words."""
        of, low, high = f"{abs(self.mean):.4f} {self.metric.name}", *sorted((abs(self.low), abs(self.high)))
        effect = abs(self.effect) if self.holds else self.effect
        chance = f"p {_p(self.p_holm)} after Holm, d_z {effect:.2f}, n {self.n:,}"
        if np.isnan(self.p):
            return f"{self.run} and {self.other} have too few users in common for {self.metric.name} to be compared"
        if self.n and self.low == self.high == 0:
            return f"{self.run} and {self.other} have the same {self.metric.name} for every user"
        if not self.holds:
            return (
                f"{self.run} and {self.other} cannot be told apart by {self.metric.name}: "
                f"the difference is {self.mean:+.4f} ({self.low:+.4f} to {self.high:+.4f}), {chance}"
            )
        ahead, behind = (self.run, self.other) if self.verdict in ("better", "more") else (self.other, self.run)
        verb = "beats" if self.verdict in ("better", "worse") else "has more than"
        return f"{ahead} {verb} {behind} by {of} ({low:.4f} to {high:.4f}), {chance}"


def compare(
    scores: Sequence[PerUserScores],
    asked: Collection[MetricSpec],
    *,
    reference: str | None = None,
    level: float = LEVEL,
) -> tuple[Difference, ...]:
    """All differences of the metrics of users, metric by metric; Holm's correction is over all of them together.

    reference: the run that the others are compared with, by default the first; up to five runs, all pairs. Of a pair,
    ``other`` is the reference, or the later run. Raises UsageError for a reference that is no run.

    The test is the paired t test: it asks about the mean, which is what the table shows, and with numbers of users that
    evaluations have it agrees with permutation tests (Smucker, Allan & Carterette 2007; Urbano, Lima & Hanjalic 2019).
    Wilcoxon's asks about symmetric differences, which hits and misses are not.
    """
    names = [one.run for one in scores]
    if reference is not None and reference not in names:
        raise unknown("run", reference, names)
    first = reference or (names[0] if names else None)
    pairs = [(a, b) for a, b in combinations(scores, 2) if len(scores) <= ALL_PAIRS or first in (a.run, b.run)]
    pairs = [(b, a) if a.run == first else (a, b) for a, b in pairs]
    metrics = [one for one in asked if all(one.name in run.values for run in scores)]
    found = [_difference(one, a, b, level) for one in metrics for a, b in pairs]
    corrected = holm([one.p for one in found])
    return tuple(replace(one, p_holm=float(p)) for one, p in zip(found, corrected, strict=True))


def table_of(differences: Sequence[Difference]) -> pa.Table:
    """The differences as a table, a row each, with their sentences."""
    rows = [
        {
            "metric": one.metric.metric, "k": one.metric.k, "run": one.run, "other": one.other,
            "difference": one.mean, "ci_low": one.low, "ci_high": one.high, "p": one.p, "p_holm": one.p_holm,
            "effect": one.effect, "n": one.n, "verdict": one.verdict, "sentence": one.sentence,
        }
        for one in differences
    ]  # fmt: skip
    known = [{name: None if isinstance(v, float) and not np.isfinite(v) else v for name, v in r.items()} for r in rows]
    return pa.Table.from_pylist(known, schema=SCHEMA)


def _difference(metric: MetricSpec, run: PerUserScores, other: PerUserScores, level: float) -> Difference:
    from scipy import stats

    (a, na), (b, nb) = run.parts(metric.name), other.parts(metric.name)
    both = (na > 0) & (nb > 0)
    finish, n = finish_of(metric.name), int(both.sum())
    if n < 2:
        none = float("nan")
        return Difference(metric, run.run, other.run, none, none, none, none, none, n)
    each = pseudo_values(a[both], na[both], finish) - pseudo_values(b[both], nb[both], finish)
    mean, spread = float(each.mean()), float(each.std(ddof=1))
    error = spread / np.sqrt(n)
    reach = error * stats.t.ppf((1 + level) / 2, n - 1)
    if spread <= 1e-12 * abs(mean) or spread == 0:  # the same difference for everybody, if any
        p, effect = float(mean == 0), 0.0 if mean == 0 else float("inf")
    else:
        p, effect = float(2 * stats.t.sf(abs(mean) / error, n - 1)), mean / spread
    return Difference(metric, run.run, other.run, mean, mean - reach, mean + reach, p, effect, n)


def pseudo_values(sums: PerUser, numbers: PerUser, finish: Callable[[PerUser], PerUser]) -> PerUser:
    """(n,) what each user adds to a finished ratio of totals, so that their mean is it: of a plain mean, the values.

    It makes rmse, which belongs to no user, a thing that paired tests can compare. Source: Tukey 1958; Miller 1974,
    "The jackknife - a review", eq. 2.1.
    """
    n, total, number = len(sums), sums.sum(), numbers.sum()
    whole = finish(np.array([total / number]))
    return n * whole - (n - 1) * finish((total - sums) / (number - numbers))


def _p(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"= {p:.4f}" if p < 0.1 else f"= {p:.2f}"

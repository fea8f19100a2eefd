"""Per-user metric values of a run against the truth."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.metrics.base import WHOLE, Exposure, Lists, Metric, PerUser, Places, Pooled
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.diagnostics import RunDiagnostics
from visrec_cli.stages.eval.exclusion import PLACES, drawn
from visrec_cli.stages.eval.metric_spec import MetricSpec, longest
from visrec_cli.stages.eval.runs import Run, ScatteredError
from visrec_cli.stages.eval.truth import Truth, only_items
from visrec_cli.tables.vectors import Mask


@dataclass
class PerUserScores:
    """Metric values of a run for each user of the truth.

    values: by name (``ndcg@10``), (users,) float64, NaN where a metric means nothing for a user. exposure: metrics of
    all lists together. pooled: by slice and name, (sums, numbers), each (users,), of metrics whose mean is taken over
    ratings and not over users. slices: the values of some of the users, or where only some of the items count as
    relevant. notes: what was odd about the run. sample: (users, items) csr of the lists of some users, a cell for each
    item; None where nobody looked.
    """

    run: str
    users: pa.Array
    values: dict[str, PerUser] = field(default_factory=dict)
    exposure: dict[str, float] = field(default_factory=dict)
    pooled: dict[str, dict[str, tuple[PerUser, PerUser]]] = field(default_factory=dict)
    slices: dict[str, dict[str, PerUser]] = field(default_factory=dict)
    notes: RunDiagnostics = field(default_factory=RunDiagnostics)
    sample: sp.csr_matrix | None = None

    def parts(self, name: str, slice: str = "all") -> tuple[PerUser, PerUser]:
        """(users,) sums and (users,) numbers: a metric is its sums' total by its numbers', finished."""
        if name in self.pooled.get(slice, {}):
            return self.pooled[slice][name]
        values = self.values[name] if slice == "all" else self.slices[slice][name]
        defined = ~np.isnan(values)
        return np.where(defined, values, 0), defined.astype(np.float64)

    def mean(self, name: str, slice: str = "all") -> float:
        """The value of a metric, NaN where it means nothing for anybody."""
        if slice == "all" and name in self.exposure:
            return self.exposure[name]
        total, number = (part.sum(keepdims=True) for part in self.parts(name, slice))
        return float(finish_of(name)(total / number)[0]) if number[0] else float("nan")

    def add_users(self, slice: str, users: Mask) -> None:
        """Add the values of some of the users as a slice. users: (users,) bool."""
        self.slices[slice] = {name: np.where(users, values, np.nan) for name, values in self.values.items()}
        self.pooled[slice] = {
            name: (both[0] * users, both[1] * users) for name, both in self.pooled.get("all", {}).items()
        }


def finish_of(name: str) -> Callable[[PerUser], PerUser]:
    """What makes a metric of a mean: the root, of rmse; nothing, of most."""
    kind = MetricSpec(name.partition("@")[0]).kind
    return kind.finish if issubclass(kind, Pooled) else lambda mean: mean


def score_run(
    run: Run,
    truth: Truth,
    metrics: Collection[MetricSpec],
    report: Report | None = None,
    *,
    slices: Mapping[str, Mask] | None = None,
) -> PerUserScores:
    """Score every user of the truth; one without recommendations gets what an empty list is worth.

    slices: names, and (items,) bool: what is relevant there. Blocks of users go through one after the other, so that
    memory does not grow with them. Raises InputError for recommendations that cannot be used.
    """
    report = report or Report()
    try:
        scores = _Scoring(run, truth, metrics, slices or {}).done(report)
    except ScatteredError:
        run.gather()
        report.warn(f"{run.name}: the rows of a user do not stand together: sorted in memory")
        scores = _Scoring(run, truth, metrics, slices or {}).done(report)
    scores.notes.tell(run.name, truth, [one.k for one in metrics if one.k is not None], report)
    return scores


class _Scoring:
    def __init__(self, run: Run, truth: Truth, metrics: Collection[MetricSpec], slices: Mapping[str, Mask]) -> None:
        self._run, self._truth = run, truth
        self._metrics = [(one, one.kind) for one in metrics]
        self._relevant = {"all": truth.relevant} | {name: truth.only(items) for name, items in slices.items()}
        masks = {"all": np.ones(len(truth.item_ids), bool), **slices}
        self._rated = {} if truth.rated is None else {n: only_items(truth.rated, few) for n, few in masks.items()}
        self._met = np.zeros(len(truth.users), bool)
        self._width = longest(metrics)
        self._drawn, self._lists = drawn(len(truth.users)), list[tuple[Places, Places]]()
        n, m = len(truth.users), len(truth.item_ids)
        self._values = {
            name: {one.name: np.full(n, np.nan) for one, kind in self._metrics if issubclass(kind, Metric)}
            for name in self._relevant
        }
        self._shown = {one.name: np.zeros(m, np.int64) for one, kind in self._metrics if issubclass(kind, Exposure)}
        self._sums = {
            name: {one.name: np.zeros((2, n)) for one, kind in self._metrics if issubclass(kind, Pooled)}
            for name in self._relevant
        }

    def done(self, report: Report) -> PerUserScores:
        """Go through all blocks, then through the users without recommendations."""
        report.expect(len(self._truth.users), "users")
        for block in self._run.blocks(self._truth, self._width):
            self._score(block.rows, block.items, block.scores)
            report.advance(len(block.rows))
        rest = np.flatnonzero(~self._met)
        if len(rest):
            self._score(rest, np.full((len(rest), 1), -1, np.int64), None)
        values = self._values.pop("all")
        item_stats = self._truth.item_stats
        exposure = {
            one.name: kind.of(self._shown[one.name], item_stats)
            for one, kind in self._metrics
            if issubclass(kind, Exposure)
        }
        pooled = {
            name: {metric: (both[0], both[1]) for metric, both in sums.items()} for name, sums in self._sums.items()
        }
        if pooled["all"]:  # of the same ratings, all of them
            every = (self._truth.relevant if self._truth.rated is None else self._truth.rated).nnz
            rated = min(int(numbers.sum()) for _, numbers in pooled["all"].values())
            if rated < every:
                what = f"errors of ratings are of the {rated:,} of {every:,} held-out ratings that were predicted"
                report.warn(f"{self._run.name}: {what}")
        notes, sample = self._run.notes, self._sample()
        return PerUserScores(self._run.name, self._truth.users, values, exposure, pooled, self._values, notes, sample)

    def _keep(self, rows: Places, items: Places) -> None:
        """Remember the lists of users that are drawn."""
        asked = self._drawn[rows]
        of, at = np.nonzero((items[asked, :PLACES] >= 0) & (items[asked, :PLACES] < len(self._truth.item_ids)))
        self._lists.append((rows[asked][of], items[asked][of, at]))

    def _sample(self) -> sp.csr_matrix:
        shape = len(self._truth.users), len(self._truth.item_ids)
        rows, items = (np.concatenate([np.empty(0, np.int64), *side]) for side in zip(*self._lists, strict=True))
        return sp.csr_matrix((np.ones(len(rows), np.float32), (rows, items)), shape)

    def _score(self, rows: Places, items: Places, scores: np.ndarray | None) -> None:
        self._met[rows] = True
        self._keep(rows, items)
        history = self._seen(rows, items)
        for name, relevant in self._relevant.items():
            lists = Lists(items, relevant[rows], history, scores)
            rated = Lists(items, self._rated[name][rows], history, scores) if self._rated else lists
            for one, kind in self._metrics:
                if issubclass(kind, Pooled):
                    self._values[name][one.name][rows] = kind.each(rated, self._k(one), self._truth.item_stats)
                    self._sums[name][one.name][:, rows] = kind.sums(rated, self._truth.item_stats)
                elif issubclass(kind, Metric):
                    each = kind.each(lists, self._k(one), self._truth.item_stats)
                    empty = 0.0 if name == "all" and self._truth.empty_is_zero and not kind.needs else np.nan
                    self._values[name][one.name][rows] = np.where(lists.relevant > 0, each, empty)
        for one in (one for one, _ in self._metrics if one.name in self._shown):
            self._shown[one.name] += self._counted(items[:, : self._k(one)])

    def _seen(self, rows: Places, items: Places) -> sp.csr_matrix | None:
        """What these users had before; what of it is recommended again is counted."""
        self._run.notes.places += int(np.count_nonzero(items >= 0))
        if self._truth.history is None:
            return None
        history = self._truth.history[rows]
        self._run.notes.seen += int(np.count_nonzero(Lists(items, history).hits))
        if self._truth.validated is not None:
            validated = Lists(items, self._truth.validated[rows])
            self._run.notes.validated += int(np.count_nonzero(validated.hits))
        return history

    def _k(self, one: MetricSpec) -> int:
        return WHOLE if one.k is None else one.k

    def _counted(self, items: Places) -> Places:
        """(items,) in how many of the lists each item is, without unknown ones."""
        m = len(self._truth.item_ids)
        return np.bincount(items[(items >= 0) & (items < m)], minlength=m)

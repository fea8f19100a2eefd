"""Validation of a model on held-back interactions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import UsageError, unknown
from visrec_cli.metrics.base import ItemStats, Lists, Metric
from visrec_cli.metrics.ratings import Rmse
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.top_k import tie_order, top_k
from visrec_cli.registry import find, has, members
from visrec_cli.tables.vectors import Matrix, Rows

_BLOCK = 512


@dataclass(frozen=True)
class Measure:
    """A metric by its name: ``ndcg@10``, ``recall@20`` or ``rmse``."""

    name: str

    def __post_init__(self) -> None:
        if self.name == "rmse":
            return
        metric, _, k = self.name.partition("@")
        if not has("metric", metric) or not _of_a_list(self.kind):
            raise unknown("metric", metric, [*(name for name, kind in members("metric") if _of_a_list(kind)), "rmse"])
        if not k.isdigit() or int(k) < 1:
            raise UsageError(f"--metric {self.name} needs a list length", fix=f"--metric {metric}@10")

    @property
    def kind(self) -> type[Metric]:
        """Its class in the catalogue."""
        found: type[Metric] = find("metric", self.name.partition("@")[0])
        return found

    @property
    def k(self) -> int:
        """The length of the list."""
        return int(self.name.partition("@")[2])

    def better(self, new: float, old: float) -> bool:
        """Whether ``new`` beats ``old``: more of a ranking metric, less of an error."""
        return new < old if self.name == "rmse" else new > old

    @property
    def worst(self) -> float:
        """What everything beats."""
        return np.inf if self.name == "rmse" else -np.inf


def _of_a_list(kind: Any) -> bool:
    """Whether it is a metric of a list that needs to know nothing else."""
    return issubclass(kind, Metric) and kind.takes_k and not kind.needs


class Validation:
    """Judges models by held-back interactions, always the same ones.

    seen, truth: (users, items) csr of one log. Ranking metrics rank all items that the user has not seen in training,
    and are means over users with something held back; of many users, ``at_most`` drawn by ``seed`` are asked.
    """

    def __init__(self, seen: sp.csr_matrix, truth: sp.csr_matrix, measure: Measure, *, seed: int, at_most: int) -> None:
        users: Rows = np.flatnonzero(np.diff(truth.indptr) > 0)
        self.of = len(users)
        if len(users) > at_most:
            users = np.sort(np.random.default_rng([seed, 2]).choice(users, at_most, replace=False))
        self.users, self.measure, self._seen, self._truth = users, measure, seen, truth
        self._tie_order: Rows | None = None

    def score(self, model: Model) -> float:
        """The mean of the metric."""
        if self.measure.name == "rmse":
            return self._rmse(model)
        return float(self._each(model).mean()) if len(self.users) else float("nan")

    def _each(self, model: Model) -> Matrix:
        if self._tie_order is None:
            self._tie_order = tie_order(model.items.ids)
        metric, k, parts, item_stats = self.measure.kind, self.measure.k, [], ItemStats(len(model.items.ids))
        for start in range(0, len(self.users), _BLOCK):
            rows = self.users[start : start + _BLOCK]
            top, _ = top_k(model.scores(model.users.take(rows)), k, tie_order=self._tie_order, exclude=self._seen[rows])
            parts.append(metric.each(Lists(top, self._truth[rows]), k, item_stats))
        return np.concatenate(parts)

    def _rmse(self, model: Model) -> float:
        squares, n, item_stats = 0.0, 0.0, ItemStats(len(model.items.ids))
        for start in range(0, len(self.users), _BLOCK):
            rows = self.users[start : start + _BLOCK]
            predicted = model.scores(model.users.take(rows))
            squared, number = Rmse.sums(_predictions(self._truth[rows], predicted), item_stats)
            squares, n = squares + float(squared.sum()), n + float(number.sum())
        return float(Rmse.finish(np.array([squares / n]))[0]) if n else float("nan")


def _predictions(truth: sp.csr_matrix, scores: Matrix) -> Lists:
    """The held-back items of each user as lists. An item that nobody rated in training has no finite score."""
    sizes = np.diff(truth.indptr)
    users = np.repeat(np.arange(len(sizes)), sizes)
    at = (users, np.arange(truth.nnz) - truth.indptr[users])
    items = np.full((len(sizes), int(sizes.max(initial=1))), -1, np.int64)
    predicted = np.full(items.shape, np.nan, np.float32)
    items[at], predicted[at] = truth.indices, scores[users, truth.indices]
    return Lists(items, truth, scores=predicted)

"""Metric specifications such as ``ndcg@10`` and ``mrr``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from visrec_cli.errors import UsageError
from visrec_cli.metrics.base import Exposure, Metric
from visrec_cli.registry import find


@dataclass(frozen=True)
class MetricSpec:
    """A metric of the first ``k`` places; of the whole list where k is None."""

    metric: str
    k: int | None = None

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.metric if self.k is None else f"{self.metric}@{self.k}"

    @property
    def kind(self) -> type[Metric] | type[Exposure]:
        """Its class. Raises UsageError for a name that the registry does not have."""
        found: type[Metric] | type[Exposure] = find("metric", self.metric)
        return found


def wanted(names: Sequence[str], ks: Sequence[int] = ()) -> tuple[MetricSpec, ...]:
    """The metrics of these names, those without ``@k`` at all of ``ks``.

    Raises UsageError for unknown names, for a k that is not a number from 1 on, and for a k of a metric without one.
    """
    found: list[MetricSpec] = []
    for name in names:
        metric, at, text = name.strip().partition("@")
        one = MetricSpec(metric)
        if metric.startswith("ctr-"):
            raise UsageError(f"{metric} cannot be requested by name: it comes with --logged", fix="--logged LOG")
        if at and (not text.isdigit() or int(text) < 1):
            raise UsageError(f"{name!r} needs a list length", fix=f"{metric}@10")
        if at and not one.kind.takes_k:
            raise UsageError(f"{metric} uses the whole list and takes no @{text}", fix=metric)
        if at:
            found.append(MetricSpec(metric, int(text)))
        elif one.kind.takes_k and ks:
            found.extend(MetricSpec(metric, k) for k in ks)
        else:
            found.append(one)
    return tuple(dict.fromkeys(found))


def needs(metrics: Collection[MetricSpec]) -> set[str]:
    """Which statistics of the items the metrics cannot do without."""
    return {need for one in metrics for need in one.kind.needs}


def longest(metrics: Collection[MetricSpec]) -> int | None:
    """How many places of the lists are looked at; None for all of them."""
    ks = [one.k for one in metrics]
    return None if None in ks else max((k for k in ks if k is not None), default=None)

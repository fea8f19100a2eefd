"""Off-policy estimators of click rates.

An *event* is one item that was shown to one user in one place, clicked or not. What the log showed by chance as the new
list would have is weighed up by how unlikely that was (its propensity): then the log says, without an experiment, what
the list would have had. All estimates are sums over events divided by numbers, so that their intervals come from users
drawn anew. Each class has the attributes of metrics.base.Metric.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

PerEvent = npt.NDArray[np.float64]
Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Events:
    """(n,) each, of the events that count for a list.

    clicked: 0 or 1. matched: how much likelier the new list shows that item to that user than the log did, 0 where it
    does not. weights: ``matched`` times how much more a user looks at the item's place in the new list than at its
    place in the log. predicted: the click rate that a model gives to the item where it stood. expected: the mean that
    it gives to the new list of the user.
    """

    clicked: PerEvent
    matched: PerEvent
    weights: PerEvent
    predicted: PerEvent
    expected: PerEvent

    @property
    def effective(self) -> float:
        """Of how many events alike the estimates are worth: Kish 1965, (Σw)² / Σw²; 0 where nothing matches."""
        square = float((self.weights**2).sum())
        return float(self.weights.sum()) ** 2 / square if square else 0.0


class Estimator(ABC):
    """A click rate, as a ratio of sums over events."""

    name: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    better: ClassVar[str] = "more"

    @staticmethod
    @abstractmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """(n,) what is added up, and (n,) by what its sum is divided."""


class Logged(Estimator):
    """What really happened."""

    name = "ctr-logged"
    sentence = "The click rate of the log itself, over the same users: what the new list has to beat."
    formula = "mean over events of clicked"
    source = "counted"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Clicks, of events."""
        return events.clicked, np.ones_like(events.clicked)


class Ips(Estimator):
    """Inverse propensity."""

    name = "ctr-ips"
    sentence = "The click rate that the new list would have had; right on average if the propensities are, and noisy."
    formula = (
        "mean over events of w · clicked, w = look(new place) / look(place) / (k · propensity) if k places have it"
    )
    source = "Horvitz & Thompson 1952; places as Li et al. 2018, sec. 4 (document-based click model)"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Weighted clicks, of events."""
        return events.weights * events.clicked, np.ones_like(events.clicked)


class Snips(Estimator):
    """Self-normalised inverse propensity."""

    name = "ctr-snips"
    sentence = "As ctr-ips, divided by what the weights add up to: a little bias, much less noise."
    formula = "sum of w · clicked / sum of w without the part for places"
    source = "Swaminathan & Joachims 2015"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Weighted clicks, of matched weights."""
        return events.weights * events.clicked, events.matched


class DoublyRobust(Estimator):
    """A model, and what it gets wrong where the log can tell."""

    name = "ctr-dr"
    sentence = (
        "The click rate that a model gives to the new list, mended by weighted mistakes of the model in the log; right "
        "if the propensities or the model are. The model is a smoothed rate by item and place, of other users' events."
    )
    formula = "mean over events of model(new list) + w · (clicked - model(item, place))"
    source = "Dudík, Langford & Li 2011; fitted across five folds of users as Chernozhukov et al. 2018"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """The model's rate and its weighted mistakes, of events."""
        mended = events.expected + events.weights * (events.clicked - events.predicted)
        return mended, np.ones_like(mended)


class EffectiveSample:
    """How much of the log there is to go by."""

    name = "ctr-ess"
    sentence = "Of how many events alike the estimates are worth (effective sample size); below 100 they say little."
    formula = "(sum of w)² / sum of w²"
    source = "Kish 1965"
    better = "more"


def examination(shown: Counts, clicks: Counts, *, rounds: int = 200) -> PerEvent:
    """(places,) how much users look at each place, the first being 1.

    shown, clicks: (items, places) counts. A click is taken to need a look at the place and an item that attracts, and
    neither depends on the other: clicks are Poisson with mean shown · attraction(item) · look(place), fitted by turns.
    Each place has one click more, where it is as good as others, so that none is 0. Source: the position-based model of
    Craswell et al. 2008, by the iterations of Deming & Stephan 1940.
    """
    look = np.ones(shown.shape[1])
    of_items, of_places = clicks.sum(axis=1), clicks.sum(axis=0)
    for _ in range(rounds):
        before = look
        seen = shown @ look
        attraction = np.divide(of_items, seen, out=np.zeros(len(seen)), where=seen > 0)
        look = (of_places + 1) / (attraction @ shown + 1)
        look = look / look[0]
        if np.abs(look - before).max() < 1e-10:
            break
    return look


def attraction(shown: Counts, clicks: Counts, look: PerEvent, *, prior: float = 10.0) -> PerEvent:
    """(items,) the click rate of each item in the first place, drawn to that of all by ``prior`` events.

    shown, clicks: (items, places) counts; look: (places,) of ``examination``.
    """
    seen, clicked = shown @ look, clicks.sum(axis=1)
    usual = clicked.sum() / seen.sum() if seen.any() else 0.0
    return (clicked + prior * usual) / (seen + prior)

"""Off-policy estimators of click rates.

An *event* is one item that was shown to one user in one place, clicked or not. Events that the new list would also have
shown are weighted by the inverse of their propensity, the probability with which the log showed them. The log then
estimates the click rate of the new list without an experiment. All estimates are ratios of sums over events, so that
their intervals come from resampled users. Each class has the attributes of metrics.base.Metric.
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
    """The logged events that count for a list, as arrays of shape (n,).

    Attributes
    ----------
    clicked : PerEvent
        0 or 1.
    matched : PerEvent
        Probability that the new list shows the item to the user, divided by the probability in the log; 0 where the new
        list does not show it.
    weights : PerEvent
        ``matched`` times the ratio of how often users look at the item's place in the new list and in the log.
    predicted : PerEvent
        Click rate that a model predicts for the item at its place in the log.
    expected : PerEvent
        Mean click rate that the model predicts for the user's new list.
    """

    clicked: PerEvent
    matched: PerEvent
    weights: PerEvent
    predicted: PerEvent
    expected: PerEvent

    @property
    def effective(self) -> float:
        """Effective sample size (Kish 1965): (Σw)² / Σw², 0 if nothing matches."""
        square = float((self.weights**2).sum())
        return float(self.weights.sum()) ** 2 / square if square else 0.0


class Estimator(ABC):
    """A click rate, as a ratio of sums over events.

    Attributes
    ----------
    name : ClassVar[str]
        Name on the command line, such as ``ctr-ips``.
    sentence : ClassVar[str]
        One plain sentence that says what is estimated.
    formula : ClassVar[str]
        The formula, as text.
    source : ClassVar[str]
        Publication that defines the estimator.
    better : ClassVar[str], default="more"
        "more" or "less".
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    better: ClassVar[str] = "more"

    @staticmethod
    @abstractmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Compute the terms whose sums form the ratio.

        Parameters
        ----------
        events : Events
            The events that count for the list.

        Returns
        -------
        tuple[PerEvent, PerEvent]
            (n,) terms of the numerator, and (n,) terms of the denominator.
        """


class Logged(Estimator):
    """Click rate of the log."""

    name = "ctr-logged"
    sentence = "The click rate of the log itself, over the same users: the value that the new list has to beat."
    formula = "mean over events of clicked"
    source = "counted"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Clicks, per event."""
        return events.clicked, np.ones_like(events.clicked)


class Ips(Estimator):
    """Inverse propensity scoring."""

    name = "ctr-ips"
    sentence = "The click rate that the new list would have had; unbiased if the propensities are right, but noisy."
    formula = (
        "mean over events of w · clicked, w = look(new place) / look(place) / (k · propensity) if k places have it"
    )
    source = "Horvitz & Thompson 1952; places as Li et al. 2018, sec. 4 (document-based click model)"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Weighted clicks, per event."""
        return events.weights * events.clicked, np.ones_like(events.clicked)


class Snips(Estimator):
    """Self-normalised inverse propensity scoring."""

    name = "ctr-snips"
    sentence = "As ctr-ips, divided by the sum of the weights: slightly biased, much less noisy."
    formula = "sum of w · clicked / sum of w without the part for places"
    source = "Swaminathan & Joachims 2015"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Weighted clicks, per matched weight."""
        return events.weights * events.clicked, events.matched


class DoublyRobust(Estimator):
    """A model's prediction, corrected by its weighted errors on the log."""

    name = "ctr-dr"
    sentence = (
        "The click rate that a model predicts for the new list, corrected by its weighted errors on the log; unbiased "
        "if the propensities or the model are right. The model is a smoothed rate by item and place, of other users."
    )
    formula = "mean over events of model(new list) + w · (clicked - model(item, place))"
    source = "Dudík, Langford & Li 2011; fitted across five folds of users as Chernozhukov et al. 2018"

    @staticmethod
    def terms(events: Events) -> tuple[PerEvent, PerEvent]:
        """Predictions plus weighted errors, per event."""
        corrected = events.expected + events.weights * (events.clicked - events.predicted)
        return corrected, np.ones_like(corrected)


class EffectiveSample:
    """Effective sample size of the weighted events."""

    name = "ctr-ess"
    sentence = "The number of equally weighted events that the estimates are worth; below 100 they say little."
    formula = "(sum of w)² / sum of w²"
    source = "Kish 1965"
    better = "more"


def examination(shown: Counts, clicks: Counts, *, rounds: int = 200) -> PerEvent:
    """Estimate how often users look at each place, by the position-based model.

    A click needs a look at the place and an attractive item, independently of each other: the number of clicks is
    Poisson distributed with mean shown · attraction(item) · look(place). Both factors are fitted in turns. Each place
    gets one extra click, as if it was as good as the others, so that no value is 0.

    Parameters
    ----------
    shown : Counts
        (items, places) how often each item was shown in each place.
    clicks : Counts
        (items, places) how often it was clicked there.
    rounds : int, default=200
        Largest number of iterations.

    Returns
    -------
    PerEvent
        (places,) probability of a look, relative to the first place, which has 1.

    References
    ----------
    Craswell et al. 2008 (position-based model); Deming & Stephan 1940 (iterations).
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
    """Estimate the click rate of each item as if it was shown in the first place.

    Parameters
    ----------
    shown : Counts
        (items, places) how often each item was shown in each place.
    clicks : Counts
        (items, places) how often it was clicked there.
    look : PerEvent
        (places,) result of ``examination``.
    prior : float, default=10.0
        Number of events with the mean click rate of all items that each estimate is smoothed with.

    Returns
    -------
    PerEvent
        (items,) click rates.
    """
    seen, clicked = shown @ look, clicks.sum(axis=1)
    usual = clicked.sum() / seen.sum() if seen.any() else 0.0
    return (clicked + prior * usual) / (seen + prior)

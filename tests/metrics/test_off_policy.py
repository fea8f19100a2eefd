"""Estimates of click rates: by hand; how much users look at places, from planted looks."""

import numpy as np
import pytest

from visrec_cli.metrics.off_policy import Estimator, Events, attraction, examination
from visrec_cli.registry import find, names

# Two events, one matched twice as likely as in the log, and seen half as well there.
EVENTS = Events(
    clicked=np.array([1.0, 1.0]),
    matched=np.array([2.0, 0.0]),
    weights=np.array([4.0, 0.0]),
    predicted=np.array([0.75, 0.5]),
    expected=np.array([0.5, 0.25]),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ctr-logged", 1), ("ctr-ips", 4 / 2), ("ctr-snips", 4 / 2), ("ctr-dr", (0.5 + 0.25 + 4 * 0.25) / 2)],
)
def test_by_hand(name: str, value: float) -> None:
    sums, numbers = find("click-through", name).terms(EVENTS)
    assert sums.sum() / numbers.sum() == pytest.approx(value)


def test_effective_sample() -> None:
    def of(*weights: float) -> float:
        array = np.array(weights)
        return Events(array, array, array, array, array).effective

    assert of(3, 3, 3, 3) == pytest.approx(4)
    assert of(3, 0, 0) == pytest.approx(1)
    assert of(1, 3) == pytest.approx(16 / 10)
    assert of(0, 0) == 0


@pytest.mark.parametrize("name", names("click-through"))
def test_says_what_it_is(name: str) -> None:
    kind = find("click-through", name)
    assert kind.name == name
    assert kind.better == "more"
    assert all(len(text) > 3 for text in (kind.sentence, kind.formula, kind.source))
    assert issubclass(kind, Estimator) or name == "ctr-ess"


def test_planted_looks_are_found_although_better_items_stand_first() -> None:
    look, rates = np.array([1.0, 0.5, 0.2]), np.linspace(0.1, 0.9, 9)
    shown = np.stack([1 + np.arange(9.0), np.full(9, 5.0), 9 - np.arange(9.0)], axis=1) * 1e6
    clicks = shown * rates[:, None] * look
    np.testing.assert_allclose(examination(shown, clicks), look, atol=1e-4)
    naive = clicks.sum(axis=0) / shown.sum(axis=0)
    assert abs(naive[2] / naive[0] - 0.2) > 0.05
    np.testing.assert_allclose(attraction(shown, clicks, look), rates, atol=1e-4)


def test_a_place_without_clicks_or_events_is_not_impossible() -> None:
    look = examination(np.array([[100.0, 100.0, 0.0]]), np.array([[50.0, 0.0, 0.0]]))
    assert look[0] == 1
    assert 0 < look[1] < 0.1
    assert np.isfinite(look).all()
    assert look[2] > 0


def test_few_events_say_little_of_an_item() -> None:
    shown, clicks = np.array([[1000.0], [1.0], [0.0]]), np.array([[100.0], [1.0], [0.0]])
    usual = 101 / 1001
    rates = attraction(shown, clicks, np.ones(1))
    assert rates == pytest.approx([(100 + 10 * usual) / 1010, (1 + 10 * usual) / 11, usual])
    assert attraction(np.zeros((2, 1)), np.zeros((2, 1)), np.ones(1)) == pytest.approx([0, 0])

"""How widely recommendations are spread: by hand, and by the suite."""

import numpy as np
import pytest

from tests.contracts.metric_suite import MetricSuite
from visrec_cli.metrics.base import Exposure, ItemStats
from visrec_cli.registry import find


def of(name: str, *shown: int) -> float:
    kind = find("metric", name)
    assert issubclass(kind, Exposure)
    return float(kind.of(np.array(shown), ItemStats(len(shown))))


def test_coverage_by_hand() -> None:
    assert of("coverage", 3, 0, 1, 0) == 1 / 2
    assert of("coverage", 0, 0) == 0


def test_gini_by_hand() -> None:
    assert of("gini", 5, 5, 5) == 0
    assert of("gini", 0, 0, 0, 9) == pytest.approx(3 / 4)  # one item has everything: 1 - 1 / items
    assert of("gini", 3, 1) == pytest.approx(1 / 4)
    assert np.isnan(of("gini", 0, 0))


def test_gini_is_half_the_mean_difference_over_the_mean() -> None:
    shown = np.random.default_rng(0).integers(0, 50, 40)
    expected = np.abs(shown[:, None] - shown).mean() / (2 * shown.mean())
    assert of("gini", *shown) == pytest.approx(expected, rel=1e-12)


class TestUserCoverage(MetricSuite):
    name = "user-coverage"
    untrue = 1.0  # it was shown something

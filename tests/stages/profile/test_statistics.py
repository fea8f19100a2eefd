"""What is called a difference, held to scipy and to planted truth."""

import numpy as np
import pytest

from visrec_cli.stages.profile.statistics import changed, drift_of, surely
from visrec_cli.tables.vectors import unit_rows


def test_a_share_far_from_everyones_is_told_and_a_near_one_is_not() -> None:
    everyone = np.array([0.1, 0.5, 0.3])
    assert surely(np.array([18, 20, 13]), 40, everyone) == ["more", None, None]
    assert surely(np.array([4, 2, 12]), 40, everyone) == [None, "less", None]


def test_of_many_categories_one_low_p_is_not_enough() -> None:
    """5 of 20 where 10 % is everyone's share has p = .043, which is below 5 % alone and not among ten."""
    assert surely(np.array([5]), 20, np.array([0.1])) == ["more"]
    assert surely(np.array([5, *[2] * 9]), 20, np.full(10, 0.1)) == [None] * 10


def test_what_rose_and_what_fell() -> None:
    assert changed(np.array([20, 1, 10]), np.array([2, 18, 11]), 30, 30) == ["fell", "rose", None]


@pytest.mark.parametrize("moved", [False, True])
def test_a_taste_that_moved_drifts_more_than_chance(moved: bool) -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(2, 32) if moved else np.eye(1, 32).repeat(2, axis=0), 15, axis=0)
    found = drift_of(unit_rows((centres + rng.normal(0, 0.2, (30, 32))).astype(np.float32)))
    assert found.holds is moved
    assert (found.p == pytest.approx(0.001)) is moved
    early, late = np.eye(2)
    if moved:
        assert found.distance == pytest.approx(1 - early @ late, abs=0.1)
    else:
        assert found.distance == pytest.approx(found.chance, abs=0.02)

import threading

import numpy as np
import pytest

from tests.limits import HANGS
from visrec_cli.recommenders.kernels.parallel import share, share_rounds

TASKS = np.array([0, 3, 4, 9])


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", request.param)
    return int(request.param)


def test_every_run_is_worked_on_once(threads: int) -> None:
    runs: list[tuple[int, int]] = []
    share(TASKS, lambda first, last: runs.append((first, last)))
    assert sorted(runs) == [(0, 3), (3, 4), (4, 9)]


def test_threads_work_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 2)
    both = threading.Barrier(2, timeout=HANGS)
    share(np.array([0, 1, 2]), lambda first, last: both.wait())


def test_what_goes_wrong_in_a_run_is_not_lost(threads: int) -> None:
    def work(first: int, last: int) -> None:
        if first == 3:
            raise ZeroDivisionError("in the second run")

    with pytest.raises(ZeroDivisionError, match="second"):
        share(TASKS, work)


def test_a_round_begins_when_the_one_before_has_ended(threads: int) -> None:
    done: list[tuple[int, int]] = []

    def work(turn: int, first: int, last: int) -> None:
        assert all((turn - 1, begin) in done for begin in TASKS[:-1] if turn)
        done.append((turn, first))

    share_rounds(TASKS, 3, work)
    assert sorted(done) == [(turn, first) for turn in range(3) for first in TASKS[:-1]]

import threading
from collections.abc import Iterator

import numba
import numpy as np
import pytest

from tests.limits import HANGS
from visrec_cli.recommenders.kernels.sharing import share

TASKS = np.array([0, 3, 4, 9])


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = numba.get_num_threads()
    numba.set_num_threads(min(request.param, before))
    yield request.param
    numba.set_num_threads(before)


def test_every_run_is_worked_on_once(threads: int) -> None:
    runs: list[tuple[int, int]] = []
    share(TASKS, lambda first, last: runs.append((first, last)))
    assert sorted(runs) == [(0, 3), (3, 4), (4, 9)]


def test_threads_work_at_the_same_time() -> None:
    if numba.get_num_threads() < 2:
        pytest.skip("one core")
    both = threading.Barrier(2, timeout=HANGS)
    share(np.array([0, 1, 2]), lambda first, last: both.wait())


def test_what_goes_wrong_in_a_run_is_not_lost(threads: int) -> None:
    def work(first: int, last: int) -> None:
        if first == 3:
            raise ZeroDivisionError("in the second run")

    with pytest.raises(ZeroDivisionError, match="second"):
        share(TASKS, work)

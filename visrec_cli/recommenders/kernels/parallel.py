"""Distribution of rows over threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt


def share(tasks: npt.NDArray[np.int64], work: Callable[[int, int], object]) -> None:
    """Distribute runs of rows over threads.

    Each thread takes the next run when it is free. numba's own parallel loops distribute them in advance, and then wait
    for the slowest core if another process uses it. Runs must not touch what others write, so that the number of
    threads does not change the result.

    Parameters
    ----------
    tasks : npt.NDArray[np.int64]
        (t + 1,) limits of the runs of rows.
    work : Callable[[int, int], object]
        Called as work(first, last) for each run; must release the GIL, as ``compilation.sequential`` does.
    """
    share_rounds(tasks, 1, lambda turn, first, last: work(first, last))


def share_rounds(tasks: npt.NDArray[np.int64], rounds: int, work: Callable[[int, int, int], object]) -> None:
    """Distribute runs of rows over threads, in several rounds.

    A round begins when all runs of the previous one have ended: only runs of the same round must not touch what others
    write.

    Parameters
    ----------
    tasks : npt.NDArray[np.int64]
        (t + 1,) limits of the runs of rows.
    rounds : int
        Number of rounds.
    work : Callable[[int, int, int], object]
        Called as work(round, first, last) for each run; must release the GIL.
    """
    runs = list(pairwise(tasks.tolist()))
    threads = min(numba.config.NUMBA_NUM_THREADS, len(runs))  # numba.get_num_threads would start OpenMP, as torch does
    if threads < 2:
        for turn in range(rounds):
            for first, last in runs:
                work(turn, first, last)
        return
    with ThreadPoolExecutor(threads) as pool:
        for turn in range(rounds):
            for _ in pool.map(partial(_called, work, turn), runs):
                pass


def _called(work: Callable[[int, int, int], object], turn: int, run: tuple[int, int]) -> None:
    work(turn, *run)

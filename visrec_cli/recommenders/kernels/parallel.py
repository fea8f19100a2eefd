"""Distribution of rows over threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt


def share(tasks: npt.NDArray[np.int64], work: Callable[[int, int], object]) -> None:
    """Call work(first, last) for each of the runs of rows that ``tasks`` (t + 1,) cuts.

    Each thread takes the next run when it is free; numba's own parallel loops deal them out beforehand, and wait for
    the last where another process has one of the cores. ``work`` is ``compilation.sequential``, or something else that
    lets other threads run. Runs must not touch what others write: then the number of threads changes nothing.
    """
    share_rounds(tasks, 1, lambda turn, first, last: work(first, last))


def share_rounds(tasks: npt.NDArray[np.int64], rounds: int, work: Callable[[int, int, int], object]) -> None:
    """Call work(turn, first, last) for each run, as ``share`` does, in each of ``rounds`` turns.

    A turn begins when all runs of the one before have ended: only runs of the same turn must not touch what others
    write.
    """
    runs = list(pairwise(tasks.tolist()))
    threads = min(numba.config.NUMBA_NUM_THREADS, len(runs))  # to ask numba itself starts its OpenMP: torch's, too
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

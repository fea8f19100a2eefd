"""Rows shared out among threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt


def share(tasks: npt.NDArray[np.int64], work: Callable[[int, int], object]) -> None:
    """Call work(first, last) for each of the runs of rows that ``tasks`` (t + 1,) cuts.

    Each thread takes the next run when it is free; numba's own parallel loops deal them out beforehand, and wait for
    the last where another process has one of the cores. ``work`` is ``compiling.sequential``, or something else that
    lets other threads run. Runs must not touch what others write: then the number of threads changes nothing.
    """
    runs = list(pairwise(tasks.tolist()))
    threads = min(numba.get_num_threads(), len(runs))
    if threads < 2:
        for first, last in runs:
            work(first, last)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda run: work(*run), runs):
            pass

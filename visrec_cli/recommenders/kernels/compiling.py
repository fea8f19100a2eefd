"""How a loop is compiled: once for each machine, and kept in our cache folder."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from visrec_cli import __version__
from visrec_cli.runtime.folders import cache_dir
from visrec_cli.runtime.tuning import tune_for_torch

tune_for_torch()  # numba's loops run on the same OpenMP, whose threads would wait for each other by spinning

import numba  # noqa: E402

P = ParamSpec("P")
R = TypeVar("R")

if not numba.config.CACHE_DIR:  # NUMBA_CACHE_DIR of the environment wins
    numba.config.CACHE_DIR = str(cache_dir() / "kernels" / __version__)  # a new version may call what it kept stale


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code: loops over ``prange`` run in parallel, sums may be reordered.

    Without a folder to keep it in, it is compiled again in each process.
    """
    return _kept(function, parallel=True)


def sequential(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code that runs in one thread: because every step builds on the one before, or because
    threads share out the calls (see ``sharing``), which it lets them."""
    return _kept(function, parallel=False)


def _kept(function: Callable[P, R], parallel: bool) -> Callable[P, R]:
    try:
        return numba.njit(function, parallel=parallel, fastmath=True, nogil=True, cache=True)
    except RuntimeError:  # no place to keep it
        return numba.njit(function, parallel=parallel, fastmath=True, nogil=True)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A helper that compiled functions of the same module call."""
    return numba.njit(function, fastmath=True)

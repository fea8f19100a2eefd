"""Compilation of loops: once per machine, cached in the visrec cache folder."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from visrec_cli import __version__
from visrec_cli.runtime.folders import cache_dir

P = ParamSpec("P")
R = TypeVar("R")
Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Columns = npt.NDArray[np.int32]

if not numba.config.CACHE_DIR:  # NUMBA_CACHE_DIR of the environment wins
    numba.config.CACHE_DIR = str(cache_dir() / "kernels" / __version__)  # numba does not notice every change of code

_ARITHMETIC: dict[str, Any] = {"fastmath": True, "error_model": "numpy"}


def sequential(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function to machine code that runs in one thread and may reorder sums.

    ``parallel`` distributes calls of it over threads. The code is cached for the next process; without a folder for the
    cache, every process compiles it. Division by 0 gives infinity or NaN, as in NumPy, which the caller has to check:
    reordered sums may treat NaN as 0 and cannot raise reliably.

    All arithmetic must be in the function itself and in what is ``inlined`` in it, so that a process that compiles it
    and one that loads it from the cache compute the same bits. Whatever numba compiles separately (helpers that stay
    calls, bodies of its parallel loops) exists twice in the process that compiles: as its own code, and as part of its
    callers, optimised again there. Both copies are weak symbols of one name, and the loader takes the first one, its
    own code. In the next process only the other copy exists, in which multiplications and additions are fused
    differently.

    Parameters
    ----------
    function : Callable[P, R]
        The function.

    Returns
    -------
    Callable[P, R]
        The compiled function.
    """
    try:
        return numba.njit(function, **_ARITHMETIC, nogil=True, cache=True)
    except RuntimeError:  # no folder for its cache
        return numba.njit(function, **_ARITHMETIC, nogil=True)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a helper that becomes part of each compiled function of its module that calls it; see ``sequential``."""
    return numba.njit(function, **_ARITHMETIC, forceinline=True)

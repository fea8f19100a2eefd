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
    numba.config.CACHE_DIR = str(cache_dir() / "kernels" / __version__)  # a new version may call what it kept stale

_ARITHMETIC: dict[str, Any] = {"fastmath": True, "error_model": "numpy"}


def sequential(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code that runs in one thread, sums in any order; ``parallel`` gives threads its calls.

    Kept for the next process. Without a folder to keep it in, it is compiled again in each. What is divided by 0 is
    infinite or NaN, as in NumPy, for the caller to refuse: sums in any order take NaN for 0, and would raise for it.

    Its arithmetic must all be in the function itself and what is ``inlined`` in it, so that a process that compiles it
    and one that finds it kept do the same sums, bit for bit. What numba compiles apart (helpers that stay calls, the
    bodies of its parallel loops) is in the process twice while it compiles: as its own code, and as part of whatever
    calls it, optimised anew there. Both copies are weak symbols of one name, of which the loader takes the first: its
    own code. In the next process only the other copy exists, whose multiplications and additions are fused otherwise.
    """
    try:
        return numba.njit(function, **_ARITHMETIC, nogil=True, cache=True)
    except RuntimeError:  # no place to keep it
        return numba.njit(function, **_ARITHMETIC, nogil=True)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A helper that compiled functions of the same module call. It becomes a part of each: see ``sequential``."""
    return numba.njit(function, **_ARITHMETIC, forceinline=True)

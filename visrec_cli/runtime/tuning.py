"""Two settings of the process that torch needs on a CPU and does not make itself."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # M_… of glibc's malloc.h
_KEEP = 1 << 30


def tune_for_torch() -> None:
    """Call before torch is imported; harmless at any other time. Settings of the environment win.

    Threads of an OpenMP loop wait for each other by spinning. Stages of a pipe share the cores, and each burns what the
    other needs: with two busy cores, sentences took five times as long. OMP_WAIT_POLICY is read when torch is loaded.

    glibc gives large blocks back to the system as soon as they are free, and every batch takes them anew, page by page:
    that was more than half of the time of the default picture encoder. They are kept instead, up to 1 GiB.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if sys.platform == "linux" and not any(name.startswith("MALLOC_") for name in os.environ):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not there with musl
        if mallopt is not None:
            mallopt(_TRIM_THRESHOLD, _KEEP)
            mallopt(_MMAP_THRESHOLD, _KEEP)
            mallopt(_ARENA_MAX, 1)  # one store of kept memory for all threads, not one each

"""Settings of the process that torch needs on a CPU and does not make itself, and memory given back to the system."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of glibc's malloc.h
_KEEP, _GIVE_BACK = 1 << 30, 16 << 20  # bytes


def tune_for_torch() -> None:
    """Call before torch is imported; harmless at any other time. Settings of the environment win.

    Threads of an OpenMP loop wait for each other by spinning. Stages of a pipe share the cores, and each burns what the
    other needs: with two busy cores, sentences took five times as long. OMP_WAIT_POLICY is read when torch is loaded.

    glibc gives large blocks back to the system as soon as they are free, and every batch takes them anew, page by page:
    that was more than half of the time of the default picture encoder. Blocks up to 16 MiB are kept instead. Larger
    ones still go back, since what is kept falls to pieces and memory would grow with the number of pictures; they are
    taken in huge pages, which costs little (torch reads THP_MEM_ALLOC_ENABLE when it is loaded).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if sys.platform == "linux" and not any(name.startswith("MALLOC_") for name in os.environ):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not there with musl
        if mallopt is not None:
            mallopt(_TRIM_THRESHOLD, _KEEP)
            mallopt(_MMAP_THRESHOLD, _GIVE_BACK)


def trim_memory() -> None:
    """Give blocks that are free, of all threads, back to the system. Nothing happens where the C library has no way."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)

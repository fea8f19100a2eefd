"""Number of cores, and threads of the libraries."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def usable_cores() -> int:
    """Cores that this process may use: a container or ``taskset`` often allows fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """``work(part)`` of each part, a thread for each, whose matrix products do not start threads of their own.

    Threads of a product wait for each other at every block; where other programs want the cores too, that takes a third
    of the time and more. What works on its own part waits once, at the end.
    """
    from concurrent.futures import ThreadPoolExecutor

    given = list(parts)
    if len(given) < 2:
        return [work(part) for part in given]
    with one_thread_a_product(), ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(work, given))


def one_thread_a_product() -> AbstractContextManager[Any]:
    """While this lasts, matrix products of numpy and scipy stay in the thread that asked for them."""
    limit: AbstractContextManager[Any] = _products(len(sys.modules)).limit(limits=1, user_api="blas")
    return limit


def one_core() -> AbstractContextManager[Any]:
    """While this lasts, no library starts threads: the sums of several differ in their last digit."""
    from threadpoolctl import threadpool_limits

    limit: AbstractContextManager[Any] = threadpool_limits(1)
    return limit


@lru_cache(maxsize=1)
def _products(modules: int) -> Any:
    """The libraries that make products. They are looked for (2 ms) again when modules came, which may bring others."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()

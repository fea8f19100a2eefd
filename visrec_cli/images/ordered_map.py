"""A map over threads that keeps the order and never runs far ahead of its reader.

Decoding lets go of the interpreter lock, so threads are enough; a bounded look-ahead keeps memory flat whatever the
number of pictures.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from visrec_cli.runtime.threads import usable_cores

T = TypeVar("T")
R = TypeVar("R")


def ordered_map(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    threads: int | None = None,
    ahead: int | None = None,
    known: Callable[[T], R | None] = lambda item: None,
) -> Iterator[R]:
    """``function(item)`` of each item, in the items' order, computed by that many ``threads``.

    threads: how many; by default the usable cores, 8 at most.
    ahead: how many results may be under way or waiting; by default four for each thread.
    known: the result of an item that needs no thread, else None.
    An exception of ``function`` is raised at its item's turn. Closing the iterator early cancels what has not begun.
    """
    threads = threads or min(8, usable_cores())
    ahead = max(ahead or 4 * threads, threads)
    waiting: deque[Future[R] | tuple[R]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="visrec-map")
    try:
        for item in items:
            done = known(item)
            waiting.append(pool.submit(function, item) if done is None else (done,))
            if len(waiting) >= ahead:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(one: "Future[R] | tuple[R]") -> R:
    return one[0] if isinstance(one, tuple) else one.result()

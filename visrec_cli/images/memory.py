"""How much memory decoded pictures may take at once, over all threads: large pictures wait for one another.

A limit on the pixels of one picture says nothing of how many are decoded at the same time; this does.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

DECODED_BYTES = 1 << 30
"""A dozen photos of 12 megapixels at once; of pictures near the limit of 200 megapixels, one."""
_RGB = 4  # bytes of a pixel of the result: Pillow pads RGB to 32 bits
_BYTES = {"1": 1, "L": 1, "P": 1, "LA": 4, "PA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2}  # of the others 4


def bytes_of(image: Image.Image) -> int:
    """What decoding an opened picture to RGB takes, in bytes."""
    return image.width * image.height * (_BYTES.get(image.mode, 4) + _RGB)


class MemoryBudget:
    """Lets threads hold ``most`` bytes together, in the order in which they ask; a larger wish is met alone."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Wait until ``size`` bytes are free, and hold them. A thread that holds some must not ask for more."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(
                    lambda: self._queue[0] is ticket and (not self._held or self._held + size <= self._most)
                )
                self._held += size
            finally:  # also of an interrupted wait, or those behind it would wait for ever
                self._queue.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()


DECODED = MemoryBudget(DECODED_BYTES)

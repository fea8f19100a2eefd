"""Arrays that are others than what was written: of another shape or kind, or with numbers that no model has."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np


def changed_array(array: Any, chance: random.Random) -> Any:
    """Another array than this one, and None for none at all."""
    ways: list[Callable[[], Any]] = [
        lambda: array.reshape(-1),
        lambda: array[None],
        lambda: array.T,
        lambda: array[:0] if array.ndim else array,
        lambda: array[:-1] if array.ndim else array,
        lambda: array[..., :-1] if array.ndim else array,
        lambda: np.concatenate([array, array]) if array.ndim else np.stack([array, array]),
        lambda: array.reshape(-1)[:1].reshape(()) if array.size else array,
        lambda: array * 0,
        lambda: array * -1,
        lambda: _set(array, chance.choice((np.nan, np.inf, -np.inf, 1e30)) if array.dtype.kind == "f" else -5),
        lambda: array.astype(np.float64),
        lambda: array.astype("<U3"),
        lambda: array.astype(object),
        lambda: None,
    ]
    return chance.choice(ways)()


def _set(array: Any, value: Any) -> Any:
    array = np.array(array)
    if array.size:
        array.reshape(-1)[array.size // 2] = value
    return array

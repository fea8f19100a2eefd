"""Stochastic gradient descent in parallel without races: users and items are dealt into parts, and in each round every
thread has its own part of the users and of the items. Source: Gemulla, Nijkamp, Haas & Sismanis 2011.

The number of parts depends on the data alone, so the number of threads changes nothing in the result.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_MOST = 8  # parts, and so the most threads that are of use
_FEWEST_ITEMS = 32  # in a part: negatives are drawn inside it

Whole = npt.NDArray[np.int64]


class Blocks(NamedTuple):
    """order: the entries, block after block. starts: (parts * parts + 1,) where each block begins; round r and part p
    are block r * parts + p, with users of part p and items of part (p + r) % parts. members: items, part after part.
    member_starts: (parts + 1,)."""

    order: Whole
    starts: Whole
    members: Whole
    member_starts: Whole


def deal(rows: Whole, columns: Whole, n: int, items: Whole, m: int, rng: np.random.Generator) -> Blocks:
    """Deal entries (rows, columns) of an (n, m) matrix, in a random order; items: the columns that take part."""
    parts = int(np.clip(len(items) // _FEWEST_ITEMS, 1, _MOST))
    of_user, of_item = rng.permutation(n) % parts, np.zeros(m, np.int64)
    of_item[items] = rng.permutation(len(items)) % parts
    order = rng.permutation(len(rows))
    user_part = of_user[rows[order]]
    key = ((of_item[columns[order]] - user_part) % parts * parts + user_part).astype(np.uint8)
    members = items[np.argsort(of_item[items], kind="stable")]
    return Blocks(
        order[np.argsort(key, kind="stable")],
        _starts(key, parts * parts),
        members,
        _starts(of_item[items], parts),
    )


def _starts(keys: npt.NDArray[np.integer], size: int) -> Whole:
    return np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=size))]).astype(np.int64)

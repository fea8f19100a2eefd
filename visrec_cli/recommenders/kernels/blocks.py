"""Blocks for parallel stochastic gradient descent without races.

Users and items are divided into parts, and in each round every thread has its own part of the users and of the items.
The number of parts depends on the data alone, so that the number of threads does not change the result. Source:
Gemulla, Nijkamp, Haas & Sismanis 2011.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_MOST = 8  # parts, and therefore the largest useful number of threads
_FEWEST_ITEMS = 32  # per part: negatives are drawn inside it

Whole = npt.NDArray[np.int64]


class Blocks(NamedTuple):
    """Entries of a matrix in blocks.

    Round r and part p are block r · parts + p: users of part p, and items of part (p + r) % parts.

    Attributes
    ----------
    order : Whole
        (entries,) entries, block after block.
    starts : Whole
        (parts² + 1,) first entry of each block.
    members : Whole
        (items,) items that take part, part after part.
    member_starts : Whole
        (parts + 1,) first item of each part.
    """

    order: Whole
    starts: Whole
    members: Whole
    member_starts: Whole


def deal(rows: Whole, columns: Whole, n: int, items: Whole, m: int, rng: np.random.Generator) -> Blocks:
    """Divide the entries of a matrix into blocks, in random order.

    Parameters
    ----------
    rows : Whole
        (entries,) row of each entry.
    columns : Whole
        (entries,) column of each entry.
    n : int
        Number of rows.
    items : Whole
        Columns that take part.
    m : int
        Number of columns.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Blocks
        The blocks.
    """
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

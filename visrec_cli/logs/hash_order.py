"""Seeded hash order of ids, independent of row order and machine.

A new row changes nobody else's lot, so the split of a log that has grown is much like the split of the shorter one.
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Lots = npt.NDArray[np.uint64]


def lots_of(ids: Sequence[str], seed: int) -> Lots:
    """(n,) a uniform 64-bit number for each id."""
    key = str(seed).encode()
    digests = b"".join(blake2b(one.encode(), digest_size=8, key=key).digest() for one in ids)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def lots_of_pairs(first: Lots, second: Lots) -> Lots:
    """(n,) a uniform number for each pair of lots.

    Source: the finaliser of SplitMix64, Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators".
    """
    return _mixed(first + _mixed(second) * np.uint64(0x9E3779B97F4A7C15))


def _mixed(z: Lots) -> Lots:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

"""Exact and near duplicates in one pass, without comparing every picture with every other.

Pictures come one by one. Each is looked up among the *leaders*, the first pictures of their groups; it joins the
earliest leader that it duplicates or becomes a leader itself. So a duplicate never points to another duplicate.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from visrec_cli.images.fingerprints import Fingerprint

# Chosen by looking at pairs: in catalogues of studio photos, two sunglasses or two wallets of one series differ by
# 0.09 and 24 at least; recompressed and rescaled copies of one picture stay below 0.09 and 18 nearly always.
MAX_BITS = 7
MAX_RELATIVE = 0.09
MAX_CELL = 18
MAX_ASPECT = 1.05

_BANDS = 4
_WIDTH = 64 // _BANDS
_MASK = (1 << _WIDTH) - 1
_FLIPS = [
    sum(1 << bit for bit in bits) for n in range(MAX_BITS // _BANDS + 1) for bits in combinations(range(_WIDTH), n)
]
_FULL = 64  # a band value shared by this many leaders tells nothing apart: no more are filed under it


@dataclass(frozen=True, slots=True)
class Duplicate:
    """``of``: the id of the first picture of the group. ``kind``: "exact" (equal pixels) or "near"."""

    of: str
    kind: str


@dataclass
class DuplicateFinder:
    """Finds duplicates in a stream of pictures. ``comparisons`` counts the pairs of hashes that were looked at.

    Two hashes of 64 bits that differ in at most 7 differ in at most one bit in one of their four quarters (the
    pigeonhole principle), so only leaders that share a quarter up to one bit are compared.
    Source: Norouzi, Punjani and Fleet 2012, "Fast Search in Hamming Space with Multi-Index Hashing".
    """

    comparisons: int = 0
    _ids: list[str] = field(default_factory=list)
    _leaders: list[Fingerprint] = field(default_factory=list)
    _exact: dict[bytes, tuple[int, str]] = field(default_factory=dict)
    _filed: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, item_id: str, picture: Fingerprint) -> Duplicate | None:
        """What the picture duplicates, or None: then it is a leader from now on.

        Pictures in which there is nothing to hash (blank ones) are duplicates only of equal pixels.
        """
        if picture.exact in self._exact:
            leader, kind = self._exact[picture.exact]
            return Duplicate(self._ids[leader], kind)
        near = self._near(picture)
        if near is not None:
            self._exact[picture.exact] = (near, "near")
            return Duplicate(self._ids[near], "near")
        self._lead(item_id, picture)
        return None

    def _near(self, picture: Fingerprint) -> int | None:
        if picture.perceptual is None:
            return None
        candidates: set[int] = set()
        for band, value in enumerate(_quarters(picture.perceptual)):
            for flip in _FLIPS:
                candidates.update(self._filed.get((band, value ^ flip), ()))
        self.comparisons += len(candidates)
        for leader in sorted(candidates):
            other = self._leaders[leader]
            assert other.perceptual is not None  # only those are filed
            if (picture.perceptual ^ other.perceptual).bit_count() <= MAX_BITS and look_alike(picture, other):
                return leader
        return None

    def _lead(self, item_id: str, picture: Fingerprint) -> None:
        leader = len(self._ids)
        self._ids.append(item_id)
        self._leaders.append(picture)
        self._exact[picture.exact] = (leader, "exact")
        if picture.perceptual is not None:
            for key in enumerate(_quarters(picture.perceptual)):
                if len(self._filed[key]) < _FULL:
                    self._filed[key].append(leader)


def _quarters(value: int) -> list[int]:
    return [value >> (band * _WIDTH) & _MASK for band in range(_BANDS)]


def look_alike(one: Fingerprint, two: Fingerprint) -> bool:
    """Whether two thumbnails agree in colour as well, which the grey hash cannot see.

    The root mean square difference, relative to how much the pictures vary at all, is at most 0.09, and no more than
    2 % of the 16 x 16 cells differ by more than 18 of 255 in any channel.
    """
    if max(one.aspect, two.aspect) > MAX_ASPECT * min(one.aspect, two.aspect):
        return False
    a, b = one.thumb.astype(np.float32), two.thumb.astype(np.float32)
    difference = a - b
    variation = (a.std(axis=(0, 1)) + b.std(axis=(0, 1))) / 2
    scale = max(1.0, float(np.sqrt(np.mean(variation**2))))
    if float(np.sqrt(np.mean(difference**2))) > MAX_RELATIVE * scale:
        return False
    return float(np.quantile(np.abs(difference).max(axis=2), 0.98)) <= MAX_CELL

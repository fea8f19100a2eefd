"""Exact and near duplicates in one pass, without comparing every picture with every other.

Pictures come one by one. Each is looked up among the *leaders*, the first pictures of their groups; it joins the
earliest leader that it duplicates or becomes a leader itself. So a duplicate never points to another duplicate.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from visrec_cli.images.fingerprints import Fingerprint

# Chosen by looking at pairs: in catalogues of studio photos, two sunglasses or two wallets of one series differ by
# 0.09 and 24 at least; recompressed and rescaled copies of one picture stay below 0.09 and 18 nearly always.
MAX_BITS = 7
MAX_RELATIVE = 0.09
MAX_CELL = 18
MAX_FAR_CELLS = 5
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


class DuplicateFinder:
    """Finds duplicates in a stream of pictures. ``comparisons`` counts the pairs of hashes that were looked at.

    Two hashes of 64 bits that differ in at most 7 differ in at most one bit in one of their four quarters (the
    pigeonhole principle), so only leaders that share a quarter up to one bit are compared.
    Source: Norouzi, Punjani and Fleet 2012, "Fast Search in Hamming Space with Multi-Index Hashing".
    A leader costs about 1 KiB, a duplicate a tenth of that.
    """

    def __init__(self) -> None:
        self.comparisons = 0
        self._ids: list[str] = []
        self._exact: dict[bytes, tuple[int, str]] = {}
        self._hashes = array("Q")
        self._variations, self._aspects = array("d"), array("d")
        self._thumbs = bytearray()
        self._tables = [_QuarterTable() for _ in range(_BANDS)]

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
        for table, value in zip(self._tables, _quarters(picture.perceptual), strict=True):
            for flip in _FLIPS:
                candidates.update(table.under(value ^ flip))
        self.comparisons += len(candidates)
        close = [n for n in sorted(candidates) if (picture.perceptual ^ self._hashes[n]).bit_count() <= MAX_BITS]
        return next((n for n in close if self._looks_like(n, picture)), None)

    def _looks_like(self, leader: int, picture: Fingerprint) -> bool:
        size = picture.thumb.size
        thumb = np.frombuffer(self._thumbs, np.uint8, size, leader * size).reshape(picture.thumb.shape)
        known = Fingerprint(b"", self._hashes[leader], thumb, self._variations[leader], self._aspects[leader])
        return look_alike(picture, known)

    def _lead(self, item_id: str, picture: Fingerprint) -> None:
        leader = len(self._ids)
        self._exact[picture.exact] = (leader, "exact")
        self._ids.append(item_id)
        self._hashes.append(picture.perceptual or 0)
        self._variations.append(picture.variation)
        self._aspects.append(picture.aspect)
        self._thumbs += picture.thumb.tobytes()
        quarters = [None] * _BANDS if picture.perceptual is None else _quarters(picture.perceptual)
        for table, value in zip(self._tables, quarters, strict=True):
            table.file(value)


class _QuarterTable:
    """Leaders by the value of one quarter of their hash: linked lists in two arrays, 4 bytes a leader."""

    def __init__(self) -> None:
        self._last = array("i", [-1]) * (_MASK + 1)
        self._count = array("B", [0]) * (_MASK + 1)
        self._before = array("i")

    def file(self, value: int | None) -> None:
        """Put the next leader under its value; under none if it has none or if too many are there already."""
        if value is None or self._count[value] == _FULL:
            self._before.append(-1)
            return
        self._before.append(self._last[value])
        self._last[value] = len(self._before) - 1
        self._count[value] += 1

    def under(self, value: int) -> Iterator[int]:
        """The leaders of one value."""
        leader = self._last[value]
        while leader >= 0:
            yield leader
            leader = self._before[leader]


def _quarters(value: int) -> list[int]:
    return [value >> (band * _WIDTH) & _MASK for band in range(_BANDS)]


def look_alike(one: Fingerprint, two: Fingerprint) -> bool:
    """Whether the thumbnails agree in colour as well, which the grey hash cannot see.

    The root mean square difference is at most 0.09 of how much the two pictures vary, at most 5 of the 16 x 16 cells
    differ by more than 18 of 255 in any channel, and the shapes agree to 5 %.
    """
    if max(one.aspect, two.aspect) > MAX_ASPECT * min(one.aspect, two.aspect):
        return False
    difference = np.abs(one.thumb.astype(np.int16) - two.thumb)
    if np.count_nonzero(difference.max(axis=2) > MAX_CELL) > MAX_FAR_CELLS:
        return False
    allowed = MAX_RELATIVE * max(1.0, (one.variation + two.variation) / 2)
    return float(np.mean(np.square(difference, dtype=np.int32))) <= allowed**2

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
    _hashes: list[int] = field(default_factory=list)
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
        close = [
            leader
            for leader in sorted(candidates)
            if (picture.perceptual ^ self._hashes[leader]).bit_count() <= MAX_BITS
        ]
        alike = look_alike(picture, [self._leaders[leader] for leader in close]) if close else []
        return next((leader for leader, same in zip(close, alike, strict=True) if same), None)

    def _lead(self, item_id: str, picture: Fingerprint) -> None:
        leader = len(self._ids)
        self._ids.append(item_id)
        self._leaders.append(picture)
        self._hashes.append(picture.perceptual or 0)
        self._exact[picture.exact] = (leader, "exact")
        if picture.perceptual is not None:
            for key in enumerate(_quarters(picture.perceptual)):
                if len(self._filed[key]) < _FULL:
                    self._filed[key].append(leader)


def _quarters(value: int) -> list[int]:
    return [value >> (band * _WIDTH) & _MASK for band in range(_BANDS)]


def look_alike(picture: Fingerprint, others: list[Fingerprint]) -> list[bool]:
    """Whether the thumbnails agree in colour as well, which the grey hash cannot see; an answer for each of ``others``.

    The root mean square difference is at most 0.09 of how much the two pictures vary, at most 5 of the 16 x 16 cells
    differ by more than 18 of 255 in any channel, and the shapes agree to 5 %.
    """
    aspects = np.array([other.aspect for other in others])
    variations = np.array([other.variation for other in others])
    thumbs = np.stack([other.thumb for other in others]).astype(np.int16)
    difference = np.abs(thumbs - picture.thumb.astype(np.int16))
    scale = np.maximum(1.0, (variations + picture.variation) / 2)
    distance = np.sqrt(np.mean(difference.astype(np.float32) ** 2, axis=(1, 2, 3), dtype=np.float64))
    far_cells = (difference.max(axis=3) > MAX_CELL).sum(axis=(1, 2))
    shapes = np.maximum(aspects, picture.aspect) <= MAX_ASPECT * np.minimum(aspects, picture.aspect)
    answers: list[bool] = ((distance <= MAX_RELATIVE * scale) & (far_cells <= MAX_FAR_CELLS) & shapes).tolist()
    return answers

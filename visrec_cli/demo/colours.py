"""The shop's colours and its patterns."""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]

COLOURS: dict[str, RGB] = {
    "red": (196, 38, 46),
    "pink": (236, 140, 170),
    "orange": (226, 112, 40),
    "mustard": (214, 164, 44),
    "green": (52, 128, 78),
    "teal": (30, 132, 138),
    "blue": (58, 110, 196),
    "navy": (34, 46, 88),
    "purple": (112, 66, 146),
    "black": (38, 38, 42),
    "grey": (132, 136, 142),
    "beige": (206, 184, 150),
}
ACCENTS: dict[str, RGB] = {
    "cream": (244, 238, 226),
    "brown": (112, 74, 48),
    "grey": (150, 152, 156),
    "mustard": (204, 160, 52),
}
PATTERNS = ("plain", "striped", "dotted", "checked")

PALE = (244, 240, 230)
DARK = (40, 42, 56)


@dataclass(frozen=True)
class Cloth:
    """A colour, a second colour and a pattern of the two, ready to be painted."""

    colour: RGB
    second: RGB
    pattern: str
    pitch: float  # repeats across the picture
    angle: float  # radians

    def paint(self, size: int) -> NDArray[np.float32]:
        """The cloth spread over a square picture: (size, size, 3) float32 from 0 to 255."""
        share = self._share_of_second(size)[..., None]
        return np.asarray(self.colour, np.float32) * (1 - share) + np.asarray(self.second, np.float32) * share

    def _share_of_second(self, size: int) -> NDArray[np.float32]:
        """How much of the second colour shows at each pixel, 0 to 1."""
        line = np.arange(size, dtype=np.float32) / size * self.pitch
        across, down = np.meshgrid(line, line)
        u = across * np.float32(np.cos(self.angle)) - down * np.float32(np.sin(self.angle))
        v = across * np.float32(np.sin(self.angle)) + down * np.float32(np.cos(self.angle))
        if self.pattern == "striped":
            return _band(v, 0.42)
        if self.pattern == "dotted":
            shifted = u + 0.5 * (np.floor(v) % 2)
            distance = np.hypot(shifted % 1 - 0.5, v % 1 - 0.5)
            return np.asarray(np.clip((0.27 - distance) * 24, 0, 1), np.float32)
        if self.pattern == "checked":
            return np.asarray(0.5 * _band(u, 0.5) + 0.5 * _band(v, 0.5), np.float32)
        return np.zeros((size, size), np.float32)


def _band(position: NDArray[np.floating[Any]], share: float) -> NDArray[np.float32]:
    """1 on stripes that take ``share`` of each repeat, 0 between them, soft at the edges."""
    from_middle = np.abs(position % 1 - 0.5)
    return np.asarray(np.clip((share / 2 - from_middle) * 24 + 0.5, 0, 1), np.float32)


def cloth(colour: str, pattern: str, rng: Random) -> Cloth:
    """The named colour, a little off as on any two photographs, in the named pattern."""
    shift = rng.uniform(-10, 10)
    main = tuple(int(min(255, max(0, c + shift + rng.uniform(-5, 5)))) for c in COLOURS[colour])
    second = DARK if sum(main) > 560 or (sum(main) > 300 and rng.random() < 0.2) else PALE
    pitch = {"striped": rng.uniform(11, 17), "dotted": rng.uniform(11, 16), "checked": rng.uniform(8, 12)}.get(
        pattern, 1
    )
    upright = rng.choice((0.0, 0.0, np.pi / 2)) if pattern == "striped" else rng.choice((0.0, np.pi / 4))
    return Cloth((main[0], main[1], main[2]), second, pattern, pitch, float(upright) + rng.uniform(-0.05, 0.05))

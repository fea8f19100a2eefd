"""Limits on picture quality, and the reasons for failing them."""

import re
from dataclasses import dataclass

from visrec_cli.errors import UsageError
from visrec_cli.images.geometry import parse_size
from visrec_cli.images.quality import Quality
from visrec_cli.options.pictures import LimitOptions

_SHORT_SIDES = {"4k": 2160, "uhd": 2160, "8k": 4320, "2k": 1440, "hd": 720, "fullhd": 1080}


@dataclass(frozen=True)
class Limits(LimitOptions):
    """Limits that have been checked.

    Raises
    ------
    UsageError
        A resolution that cannot be read, or an aspect below 1.
    """

    def __post_init__(self) -> None:
        if self.min_resolution is not None:
            parse_resolution(self.min_resolution)
        if self.max_aspect is not None and self.max_aspect < 1:
            raise UsageError(
                f"no picture has an aspect of {self.max_aspect:g} or less", fix="--max-aspect is long side / short side"
            )

    def issues(self, quality: Quality) -> list[str]:
        """One phrase for each limit that the picture fails, in a fixed order; none if it is good enough."""
        found = []
        short, long = sorted((quality.width, quality.height))
        if self.min_resolution is not None:
            needed = parse_resolution(self.min_resolution)
            if short < needed[0] or long < needed[1]:
                found.append(f"{quality.width}x{quality.height} is below {self.min_resolution}")
        if self.max_aspect is not None and long / short > self.max_aspect:
            found.append(f"aspect {long / short:.2f} is over {self.max_aspect:g}")
        for name, value, low, high in (
            ("sharpness", quality.sharpness, self.min_sharpness, None),
            ("brightness", quality.brightness, self.min_brightness, self.max_brightness),
            ("contrast", quality.contrast, self.min_contrast, None),
            ("clutter", quality.clutter, None, self.max_clutter),
        ):
            if low is not None and value < low:
                found.append(f"{name} {value:.3g} is below {low:g}")
            if high is not None and value > high:
                found.append(f"{name} {value:.3g} is over {high:g}")
        return found


def parse_resolution(text: str) -> tuple[int, int]:
    """(short side, long side) in pixels that a picture must have, whichever way it lies.

    ``1080p`` and ``4k`` ask for the short side (1080, 2160), as photos are seldom 16:9; ``640x480`` for both sides;
    ``256`` for 256 on either side. Raises UsageError.
    """
    word = text.strip().lower().replace(" ", "")
    lines = re.fullmatch(r"(\d{2,5})p", word)
    if lines or word in _SHORT_SIDES:
        short = int(lines[1]) if lines else _SHORT_SIDES[word]
        return short, short
    try:
        short, long = sorted(parse_size(word))
    except UsageError:
        raise UsageError(f"{text!r} is not a resolution", fix="use 1080p, 4k, 640x480 or 256") from None
    return short, long

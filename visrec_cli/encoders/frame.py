"""From a picture of any size to the pixels that a model takes, with Pillow alone: no model library is needed."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from PIL import Image, ImageOps

from visrec_cli.encoders.base import Prepared
from visrec_cli.tables.documents import Origin

MARGIN = 1.75
"""A JPEG may be decoded at a half, a quarter or an eighth of its size as long as it stays so many times larger than the
model's pixels. Measured on 400 photos of 1 and 2.5 megapixels: cosine above .989, and the same precision among the ten
nearest as with whole decoding (docs/benchmarks.md)."""


Pixels = Annotated[int, msgspec.Meta(ge=1, le=1 << 11)]
"""Of a side: more is no picture for a model."""


class FramingDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A Framing as JSON."""

    mode: Literal["square", "centre", "squash"]
    height: Pixels
    width: Pixels
    shorter: Pixels
    interpolation: Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


def framing_from(raw: Any, origin: Origin, path: str) -> "Framing":
    """The inverse of Framing.to_dict. Raises InputError."""
    return Framing(**msgspec.structs.asdict(origin.typed(raw, FramingDocument, path)))


@dataclass(frozen=True)
class Framing:
    """How a picture is cut and scaled.

    mode: "square" the largest square in the middle; "centre" the shorter side scaled to ``shorter`` pixels, then the
    middle; "squash" both sides scaled to ``shorter``, whatever the shape, then the middle. height, width: pixels that
    come out. interpolation: a filter of Pillow by its name in small letters.
    """

    mode: str
    height: int
    width: int
    shorter: int
    interpolation: str = "bicubic"

    def __call__(self, picture: Image.Image) -> Prepared:
        """One RGB picture as (height, width, 3) uint8."""
        method = Image.Resampling[self.interpolation.upper()]
        size = (self.width, self.height)
        if self.mode == "square":
            return np.asarray(ImageOps.fit(picture, size, method))
        short = min(picture.size)
        width, height = (
            self.shorter if self.mode == "squash" or side == short else int(self.shorter * side / short)
            for side in picture.size
        )
        scaled = picture.resize((width, height), method)
        left, top = round((width - self.width) / 2), round((height - self.height) / 2)
        return np.asarray(scaled.crop((left, top, left + self.width, top + self.height)))

    @property
    def scaled_to(self) -> int:
        """How small the shorter side of a JPEG may be decoded, in pixels."""
        return round(MARGIN * self.shorter)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; ``Framing(**framing.to_dict())`` is equal to it."""
        return asdict(self)

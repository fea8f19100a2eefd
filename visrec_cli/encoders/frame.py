"""Resizing and cropping of pictures to the pixels that a model takes, with Pillow alone."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from PIL import Image, ImageOps

from visrec_cli.encoders.base import Prepared
from visrec_cli.tables.documents import Origin

MARGIN = 1.75
"""A JPEG may be decoded at a half, a quarter or an eighth of its size if it stays larger than the model's pixels by
this factor. Measured on 400 photos of 1 and 2.5 megapixels: cosine above 0.989, and the same precision among the ten
nearest as with full decoding (docs/benchmarks.md)."""


Pixels = Annotated[int, msgspec.Meta(ge=1, le=1 << 11)]
"""Length of a side."""


class FramingDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A Framing as JSON.

    Attributes
    ----------
    mode : Literal["square", "centre", "squash"]
        See ``Framing``.
    height : Pixels
        See ``Framing``.
    width : Pixels
        See ``Framing``.
    shorter : Pixels
        See ``Framing``.
    interpolation : Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
        See ``Framing``.
    """

    mode: Literal["square", "centre", "squash"]
    height: Pixels
    width: Pixels
    shorter: Pixels
    interpolation: Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


def framing_from(raw: Any, origin: Origin, path: str) -> "Framing":
    """Read a framing; the inverse of ``Framing.to_dict``.

    Parameters
    ----------
    raw : Any
        The JSON.
    origin : Origin
        Names the file in error messages.
    path : str
        Path in the file, for messages.

    Returns
    -------
    Framing
        The framing.

    Raises
    ------
    InputError
        If it is not a framing.
    """
    return Framing(**msgspec.structs.asdict(origin.typed(raw, FramingDocument, path)))


@dataclass(frozen=True)
class Framing:
    """How a picture is resized and cropped.

    Attributes
    ----------
    mode : str
        "square": the largest square in the middle. "centre": the shorter side scaled to ``shorter`` pixels, then the
        middle. "squash": both sides scaled to ``shorter`` pixels, then the middle.
    height : int
        Height of the result in pixels.
    width : int
        Width of the result in pixels.
    shorter : int
        Length in pixels to which sides are scaled.
    interpolation : str, default="bicubic"
        Name of a filter of Pillow, in lower case.
    """

    mode: str
    height: int
    width: int
    shorter: int
    interpolation: str = "bicubic"

    def __call__(self, picture: Image.Image) -> Prepared:
        """An RGB picture as (height, width, 3) uint8."""
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
        """Shorter side in pixels below which a JPEG must not be decoded."""
        return round(MARGIN * self.shorter)

    def to_dict(self) -> dict[str, Any]:
        """The framing as JSON; ``Framing(**framing.to_dict())`` is equal to it."""
        return asdict(self)

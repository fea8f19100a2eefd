"""Small pictures that travel inside an HTML page."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

SIDE = 240  # sharp at 160 CSS pixels on a dense screen, some 5 kB each
QUALITY = 78


@dataclass(frozen=True)
class Thumbnail:
    """A WebP picture as a ``data:`` address, with its size in pixels."""

    uri: str
    width: int
    height: int


def thumbnail(picture: Image.Image, side: int = SIDE) -> Thumbnail:
    """An RGB picture that fits into ``side`` × ``side``. The same pixels give the same bytes."""
    return as_webp(shrunk(picture, side), QUALITY)


def shrunk(picture: Image.Image, side: int) -> Image.Image:
    """An RGB picture that fits into ``side`` × ``side``; never enlarged."""
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3)
    return small


def as_webp(picture: Image.Image, quality: int) -> Thumbnail:
    """The picture as it is, for a page."""
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=quality, method=4)
    text = base64.b64encode(data.getvalue()).decode("ascii")
    return Thumbnail(f"data:image/webp;base64,{text}", picture.width, picture.height)

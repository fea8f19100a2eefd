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
    """Shrink an RGB picture to fit into ``side`` × ``side``, never enlarge it. The same pixels give the same bytes."""
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3)
    data = io.BytesIO()
    small.save(data, "WEBP", quality=QUALITY, method=4)
    text = base64.b64encode(data.getvalue()).decode("ascii")
    return Thumbnail(f"data:image/webp;base64,{text}", small.width, small.height)

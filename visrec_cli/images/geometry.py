"""Sizes and shapes: parsing them, resizing in four modes, trimming bars and background."""

import re

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageOps

from visrec_cli.errors import UsageError
from visrec_cli.images.quality import reduced

MODES = ("fit", "crop", "pad", "stretch")
TRIMS = ("none", "border", "background")
_TOLERANCE = 24  # of 255: what JPEG makes of one colour
_MARGIN = 0.04  # left around the product, as a share of its longer side
_LOOK_SIDE = 1024


def parse_size(text: str) -> tuple[int, int]:
    """``"224"`` → (224, 224), ``"640x480"`` → (640, 480). Raises UsageError."""
    match = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.strip().lower())
    if not match or "0" in (match[1].lstrip("0") or "0", (match[2] or "1").lstrip("0") or "0"):
        raise UsageError(f"{text!r} is not a size in pixels", fix="use 224 or 640x480 (width x height)")
    return int(match[1]), int(match[2] or match[1])


def parse_colour(text: str) -> tuple[int, int, int]:
    """A CSS colour name or ``#rrggbb``. Raises UsageError."""
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise UsageError(f"{text!r} is not a colour", fix="use white, grey, #f0f0f0 …") from None


def resize(
    picture: Image.Image, size: tuple[int, int], mode: str = "fit", pad_colour: tuple[int, int, int] = (255, 255, 255)
) -> Image.Image:
    """The picture at ``size`` (width, height), by Lanczos with antialiasing.

    mode: "fit" the largest that fits inside, keeping its shape; "crop" fills it and cuts what stands out, around the
    middle; "pad" fits and fills the rest with ``pad_colour``; "stretch" ignores the shape.
    """
    method = Image.Resampling.LANCZOS
    if mode == "crop":
        return ImageOps.fit(picture, size, method)
    if mode == "pad":
        return ImageOps.pad(picture, size, method, color=pad_colour)
    if mode == "stretch":
        return picture.resize(size, method)
    scale = min(size[0] / picture.width, size[1] / picture.height)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), method)


def trim(picture: Image.Image, what: str) -> Image.Image:
    """Without the bars around it ("border"), or cut to what stands out from a plain background ("background").

    What cannot be told safely is left alone: a blank picture, a background that is not plain.
    """
    if what == "none":
        return picture
    small = reduced(picture, _LOOK_SIDE)
    pixels = np.asarray(small, dtype=np.int16)
    box = bars_box(pixels) if what == "border" else product_box(pixels)
    if box is None or box == (0, 0, small.width, small.height):
        return picture
    if small.size == picture.size:
        return picture.crop(box)
    across, down = picture.width / small.width, picture.height / small.height
    left, top, right, bottom = box
    inward = 1 if what == "border" else 0  # a reduced line may hold half a bar: take it as well
    return picture.crop(
        (
            round((left + inward * (left > 0)) * across),
            round((top + inward * (top > 0)) * down),
            round((right - inward * (right < small.width)) * across),
            round((bottom - inward * (bottom < small.height)) * down),
        )
    )


Box = tuple[int, int, int, int]
Pixels = npt.NDArray[np.int16]


def bars_box(pixels: Pixels) -> Box | None:
    """The box (left, top, right, bottom) inside letterbox bars and frames of one colour. pixels: (h, w, 3).

    What is left inside a bar is a rectangle: its edge differs from the bar at once and over nine tenths of its
    length. A product on a plain background has no such edge, however large it is, and keeps its background.
    """
    left, top, right, bottom = 0, 0, pixels.shape[1], pixels.shape[0]
    for _ in range(4):  # bars of up to four colours
        inner = _inside_one_colour(pixels[top:bottom, left:right])
        if inner is None:
            break
        left, top, right, bottom = left + inner[0], top + inner[1], left + inner[2], top + inner[3]
    return left, top, right, bottom


def _inside_one_colour(pixels: Pixels) -> Box | None:
    """The box inside the bars of the first outer line that has one colour; None if no line leads to bars."""
    height, width, _ = pixels.shape
    for line in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        colour = np.median(line, axis=0)
        other = np.abs(pixels - colour).max(axis=2) > _TOLERANCE
        rows, columns = np.flatnonzero(other.mean(axis=1) > 0.02), np.flatnonzero(other.mean(axis=0) > 0.02)
        if len(rows) == 0 or len(columns) == 0:
            continue
        left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        inside = other[top:bottom, left:right]
        cut = [top > 0, bottom < height, left > 0, right < width]
        edges = [inside, inside[::-1], inside.T, inside.T[::-1]]
        straight = [edge[:3].mean(axis=1).max() >= 0.9 for edge in edges]
        if any(cut) and all(sharp for side, sharp in zip(cut, straight, strict=True) if side):
            return left, top, right, bottom
    return None


def product_box(pixels: Pixels) -> Box | None:
    """The box around everything that differs from a plain background, with a margin; None if it is not plain.

    The background is the median colour of the outermost lines; it is plain if nine tenths of them are of it.
    """
    height, width, _ = pixels.shape
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(rim, axis=0)
    if (np.abs(rim - colour).max(axis=1) > _TOLERANCE).mean() > 0.1:
        return None
    product = np.abs(pixels - colour).max(axis=2) > _TOLERANCE
    rows, columns = np.flatnonzero(product.any(axis=1)), np.flatnonzero(product.any(axis=0))
    if len(rows) == 0:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    margin = round(_MARGIN * max(bottom - top, right - left))
    return max(0, left - margin), max(0, top - margin), min(width, right + margin), min(height, bottom + margin)

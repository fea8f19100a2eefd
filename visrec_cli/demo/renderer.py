"""From outlines to a small product photo: background, shadow, cloth, light."""

import math
from collections.abc import Callable
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from visrec_cli.demo.colours import ACCENTS, RGB, Cloth
from visrec_cli.demo.outlines import OutlinePart, Point

SIDE = 320
FINE = 2  # drawn this much larger and reduced, so that edges are smooth
WALLS: tuple[RGB, ...] = (
    (247, 247, 245),
    (238, 232, 224),
    (226, 232, 238),
    (231, 237, 228),
    (240, 229, 226),
    (224, 223, 228),
)
Place = Callable[[Point], Point]


def draw(parts: list[OutlinePart], cloth: Cloth, rng: Random) -> Image.Image:
    """A picture of SIDE × SIDE pixels, RGB. The same arguments and state of ``rng`` give the same picture."""
    size = SIDE * FINE
    place = _pose(rng)
    masks = [_mask(part, place, size) for part in parts]
    picture = _with_shadow(_background(size, rng), masks)
    fabric = cloth.paint(size)
    for part, mask in zip(parts, masks, strict=True):
        left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
        surface = _surface(part.fill, cloth, fabric)[top:bottom, left:right]
        if not part.width:
            surface = surface * _light(mask)[top:bottom, left:right, None]
        picture.paste(_image(surface), (left, top), mask.crop((left, top, right, bottom)))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _pose(rng: Random) -> Place:
    """A small turn, scale and shift, now and then seen from the other side: no two photographs are alike."""
    turn, scale = math.radians(rng.uniform(-6, 6)), rng.uniform(0.88, 1.02)
    wide, flip = scale * rng.uniform(0.94, 1.06), rng.choice((1, 1, -1))
    right, down = rng.uniform(-0.03, 0.03), rng.uniform(-0.02, 0.02)

    def place(point: Point) -> Point:
        x, y = (point[0] - 0.5) * wide * flip, (point[1] - 0.5) * scale
        return (
            0.5 + right + x * math.cos(turn) - y * math.sin(turn),
            0.5 + down + x * math.sin(turn) + y * math.cos(turn),
        )

    return place


def _mask(part: OutlinePart, place: Place, size: int) -> Image.Image:
    """Where a part lies: 255 inside, 0 outside, corners a little rounded."""
    mask = Image.new("L", (size, size))
    points = [(x * size, y * size) for x, y in map(place, part.points)]
    if part.width:
        ImageDraw.Draw(mask).line(points, fill=255, width=max(1, round(part.width * size)), joint="curve")
        return mask
    ImageDraw.Draw(mask).polygon(points, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(size / 160)).point([min(255, max(0, (v - 96) * 4)) for v in range(256)])


def _background(size: int, rng: Random) -> Image.Image:
    """A studio wall lit from above; sometimes with the edge of a table or in two tones."""
    wall = np.asarray(rng.choice(WALLS), np.float32)
    height = np.linspace(1.03, 0.93, size, dtype=np.float32)[:, None, None]
    pixels = np.broadcast_to(wall, (size, size, 3)) * height
    kind = rng.random()
    if kind < 0.35:  # a table in front of the wall
        edge = int(size * rng.uniform(0.74, 0.84))
        pixels[edge:] = pixels[edge:] * rng.uniform(0.86, 0.94)
    elif kind < 0.5:  # a disc of paint behind the thing
        disc = Image.new("L", (size, size))
        ImageDraw.Draw(disc).ellipse([size * 0.08, size * 0.06, size * 0.92, size * 0.9], fill=255)
        tone = np.asarray(rng.choice(WALLS), np.float32) * 0.95
        share = np.asarray(disc, np.float32)[..., None] / 255
        pixels = pixels * (1 - share) + tone * share
    return _image(pixels)


def _with_shadow(picture: Image.Image, masks: list[Image.Image]) -> Image.Image:
    """The thing's soft shadow, a little below and to the right."""
    size = picture.width
    shape = Image.new("L", (size, size))
    for mask in masks:
        shape = ImageChops.lighter(shape, mask)
    shadow = ImageChops.offset(shape, size // 60, size // 36).filter(ImageFilter.GaussianBlur(size / 45))
    picture.paste((60, 58, 66), (0, 0), shadow.point([v * 3 // 10 for v in range(256)]))
    return picture


def _surface(fill: str, cloth: Cloth, fabric: NDArray[np.float32]) -> NDArray[np.float32]:
    """The colours of a part before any light falls on it."""
    if fill == "cloth":
        return fabric
    if fill == "deep":
        return np.broadcast_to(np.asarray(cloth.colour, np.float32) * 0.66, fabric.shape)
    if fill == "trim":
        trim = cloth.second if cloth.pattern != "plain" else tuple(int(c * 0.8) for c in cloth.colour)
        return np.broadcast_to(np.asarray(trim, np.float32), fabric.shape)
    return np.broadcast_to(np.asarray(ACCENTS[fill], np.float32), fabric.shape)


def _light(mask: Image.Image) -> NDArray[np.float32]:
    """Brightness of each pixel of a part: falls off towards its edges and its lower right, so that it looks round."""
    size = mask.width
    blurred = mask.reduce(4).filter(ImageFilter.GaussianBlur(size / 88)).resize(mask.size)
    depth = np.asarray(blurred, np.float32) / 255
    line = np.linspace(0.04, -0.04, size, dtype=np.float32)
    return np.asarray(0.72 + 0.32 * np.clip(depth, 0, 1) + line[None, :] + line[:, None], np.float32)


def _image(pixels: NDArray[np.float32]) -> Image.Image:
    """(h, w, 3) numbers from 0 to 255 as an RGB image."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

"""Quality of a picture: sharpness, brightness, contrast, clutter.

All are computed on reduced copies, so that a 12-megapixel photo and its shop version get about the same numbers and
cost about the same time.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

_SHARPNESS_SIDE = 512
_CLUTTER_SIDE = 128
_FRAME = 0.15  # the outer frame's width, as a share of each side
_EDGE = 0.03  # a step of 3 % of the grey range from one pixel to the next, at a long side of 128


@dataclass(frozen=True, slots=True)
class Quality:
    """Numbers of one upright picture.

    width, height: pixels of the source. sharpness: variance of the Laplacian, in squared grey steps of 0..255.
    brightness, contrast, clutter: 0..1.
    """

    width: int
    height: int
    sharpness: float
    brightness: float
    contrast: float
    clutter: float


def quality_of(picture: Image.Image) -> Quality:
    """The quality numbers of an RGB picture.

    * sharpness: the variance of the 4-neighbour Laplacian of the grey picture, whose long side is first reduced to
      512 (never enlarged). Blurred photos stay below about 100. Source: Pech-Pacheco et al. 2000, "Diatom
      autofocusing in brightfield microscopy", LAPV; same unit as OpenCV's usual ``Laplacian(grey).var()``.
    * brightness: mean luma (ITU-R BT.601), 0 black to 1 white.
    * contrast: twice the standard deviation of luma: 0 for one grey, 1 for half black and half white.
      Source: Peli 1990, "Contrast in complex images", RMS contrast, scaled to 0..1.
    * clutter: see ``clutter_of``.
    """
    grey = reduced(picture.convert("L"), _SHARPNESS_SIDE)
    luma = np.asarray(grey, dtype=np.float32)
    laplacian = ndimage.laplace(luma, mode="nearest")
    return Quality(
        width=picture.width,
        height=picture.height,
        sharpness=float(laplacian.var(dtype=np.float64)),
        brightness=float(luma.mean(dtype=np.float64)) / 255,
        contrast=min(1.0, 2 * float(luma.std(dtype=np.float64)) / 255),
        clutter=clutter_of(grey),
    )


def clutter_of(grey: Image.Image) -> float:
    """Edge density of the outer frame: 0 for a plain studio background, 1 where every pixel of it is an edge.

    The frame is the outer 15 % of each side of the grey picture at a long side of 128. A pixel is an edge when its
    Sobel gradient (Sobel and Feldman 1968, divided by 8: grey range per pixel) is above 0.03. A product that touches
    the border counts a little as well: this measures what surrounds the middle, it knows no objects.
    """
    luma = np.asarray(reduced(grey, _CLUTTER_SIDE), dtype=np.float32) / 255
    across, down = ndimage.sobel(luma, axis=1, mode="nearest"), ndimage.sobel(luma, axis=0, mode="nearest")
    edges = np.hypot(across, down) / 8 > _EDGE
    rows, columns = (max(1, round(side * _FRAME)) for side in luma.shape)
    frame = np.ones(luma.shape, dtype=bool)
    frame[rows:-rows, columns:-columns] = False
    return float(edges[frame].mean())


def reduced(picture: Image.Image, long_side: int) -> Image.Image:
    """The picture with its long side at most ``long_side``, by area means; never enlarged."""
    scale = long_side / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)

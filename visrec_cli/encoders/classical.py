"""Classical features without learned weights: colour histograms, local binary patterns, oriented gradients.

``colour+hog`` concatenates features, each of length 1, so that they count equally.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from visrec_cli.encoders.base import ImageEncoder, Prepared, Vectors
from visrec_cli.errors import unknown
from visrec_cli.runtime.versions import version_of
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import unit_rows

SIDE = 128  # pixels; pictures are squashed to a square so that the grid covers the whole picture
GRID = 4  # cells per side, each with its own histogram


class ClassicalImageEncoder(ImageEncoder):
    """``colour``, ``lbp``, ``hog`` or several joined by ``+``; needs neither torch nor a download.

    Parameters
    ----------
    rest : str
        Names of features, joined by ``+``.
    device : Any, default=None
        Ignored.
    normalise : bool, default=True
        Whether vectors have length 1.
    precise : bool, default=False
        Ignored.

    Attributes
    ----------
    alone : , default=True
        See ``Encoder``.

    Raises
    ------
    UsageError
        If a feature is not known.
    """

    alone = True

    def __init__(self, rest: str, *, device: Any = None, normalise: bool = True, precise: bool = False) -> None:
        self._parts = rest.split("+")
        for part in self._parts:
            if part not in FEATURES:
                raise unknown("hand-made feature", part, list(FEATURES))
        self.spec = rest
        self.engine = f"numpy {np.__version__}, scikit-image {version_of('scikit-image')}"
        blank = self._describe(np.zeros((SIDE, SIDE, 3), np.uint8))
        preprocessing = {"decoder": "pillow", "framing": "squash", "pixels": SIDE, "grid": GRID, "version": 1}
        self.space = Space(rest, len(blank), normalise, None, preprocessing)

    def prepare(self, picture: Image.Image) -> Prepared:
        """The (d,) features themselves: the work is done in the decoding threads, and ``encode`` only stacks."""
        return self._describe(np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)))

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """See ImageEncoder."""
        return self.finish(np.stack(batch))

    def _describe(self, pixels: Prepared) -> Prepared:
        parts = [FEATURES[name](pixels).astype(np.float32)[None] for name in self._parts]
        return np.concatenate([unit_rows(part)[0] for part in parts])


def colour(pixels: Prepared) -> Prepared:
    """Histograms of hue × saturation and of lightness in each cell, as square roots (Hellinger distance).

    Hue is unreliable where there is little colour, so it is weighted by saturation.

    Parameters
    ----------
    pixels : Prepared
        (SIDE, SIDE, 3) uint8.

    Returns
    -------
    Prepared
        (d,) features.
    """
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV"), np.int64)
    hue, saturation, value = hsv[..., 0], hsv[..., 1] / 255, hsv[..., 2]
    vivid = np.where(saturation > 0.5, 1, 0)
    hues = _cell_histograms((hue * 12 // 256) * 2 + vivid, 24, weights=saturation)
    greys = _cell_histograms(value * 8 // 256, 8, weights=1 - saturation)
    return np.sqrt(np.concatenate([hues, greys], axis=1)).ravel()


def lbp(pixels: Prepared) -> Prepared:
    """Uniform local binary patterns (8 neighbours at radius 1 and 16 at radius 2), as histograms of each cell.

    Parameters
    ----------
    pixels : Prepared
        (SIDE, SIDE, 3) uint8.

    Returns
    -------
    Prepared
        (d,) features.

    References
    ----------
    Ojala, Pietikäinen & Mäenpää 2002.
    """
    from skimage.feature import local_binary_pattern

    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    parts = []
    for points, radius in ((8, 1), (16, 2)):
        codes = local_binary_pattern(grey, points, radius, method="uniform").astype(np.int64)
        parts.append(_cell_histograms(codes, points + 2))
    return np.sqrt(np.concatenate(parts, axis=1)).ravel()


def hog(pixels: Prepared) -> Prepared:
    """Histograms of oriented gradients: 9 orientations, cells of 16 pixels, blocks of 2 × 2 cells.

    Parameters
    ----------
    pixels : Prepared
        (SIDE, SIDE, 3) uint8.

    Returns
    -------
    Prepared
        (d,) features.

    References
    ----------
    Dalal & Triggs 2005.
    """
    from skimage.feature import hog as oriented_gradients

    return np.asarray(
        oriented_gradients(
            pixels,
            orientations=9,
            pixels_per_cell=(16, 16),
            cells_per_block=(2, 2),
            channel_axis=-1,
            transform_sqrt=True,
        )
    )


FEATURES: dict[str, Callable[[Prepared], Prepared]] = {"colour": colour, "lbp": lbp, "hog": hog}


def _cell_histograms(codes: Prepared, bins: int, weights: Prepared | None = None) -> Prepared:
    """(GRID², bins) share of each cell's pixels that have each code."""
    cell = np.arange(SIDE) * GRID // SIDE
    flat = (cell[:, None] * GRID + cell[None, :]) * bins + codes
    shares = None if weights is None else weights.ravel()
    counts = np.bincount(flat.ravel(), weights=shares, minlength=GRID * GRID * bins)
    return counts.reshape(GRID * GRID, bins) / (SIDE // GRID) ** 2

"""``--encoder palette``: the colours of a picture, and the share of each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from visrec_cli.encoders.base import ImageEncoder, Prepared, Vectors
from visrec_cli.tables.spaces import Space

SIDE = 64  # pixels of the square that a picture is scaled to
LEVELS = 4  # of red, green and blue


class Palette(ImageEncoder):
    """A histogram of 4 × 4 × 4 colours, as square roots (Hellinger distance)."""

    alone = True  # a vector depends on its own picture alone, so equal pictures are computed once
    engine = f"visrec-palette 1, numpy {np.__version__}"  # equal engines give equal vectors, which are cached

    def __init__(self, rest: str, *, device: Any = None, normalise: bool = True, precise: bool = False) -> None:
        self.spec = "palette"  # rest, which follows "palette:" in a spec, and device are not used here
        # Everything that determines a vector belongs in the space: vectors of different spaces are never compared.
        preprocessing = {"framing": "squash", "pixels": SIDE, "levels": LEVELS, "version": 1}
        self.space = Space("palette", LEVELS**3, normalise, None, preprocessing)

    def prepare(self, picture: Image.Image) -> Prepared:
        """The (64,) histogram of an upright RGB picture. Called from several threads at once."""
        pixels = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.int64)
        levels = pixels * LEVELS // 256
        colours = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
        counts = np.bincount(colours.ravel(), minlength=LEVELS**3)
        return np.sqrt(counts / SIDE**2)

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        """The histograms as (n, 64) float32; ``finish`` scales them to length 1 if the space says so."""
        return self.finish(np.stack(batch))

"""Short descriptions of one picture, by which duplicates are recognised."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.fft import dctn

from visrec_cli.images.pixels import bands

THUMB_SIDE = 16
_HASH_SIDE = 32
_FEATURELESS = 8.0  # low-frequency strength below which the hash would be the hash of noise


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """exact: hash of size and pixels. perceptual: 64 bits, or None where nothing is in the picture to hash.

    thumb: (16, 16, 3) uint8. variation: how much its values vary, the root mean square distance from the mean colour.
    aspect: width divided by height.
    """

    exact: bytes
    perceptual: int | None
    thumb: npt.NDArray[np.uint8]
    variation: float
    aspect: float


def fingerprint_of(picture: Image.Image) -> Fingerprint:
    """The fingerprint of an upright RGB picture.

    The perceptual hash is that of pHash: the discrete cosine transform of the 32 x 32 grey picture, its 8 x 8 lowest
    frequencies without the constant and the purely horizontal and vertical ones, each above or below their median.
    Source: Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2.
    """
    pixels = hashlib.blake2b(b"%dx%d" % picture.size, digest_size=16)
    for band in bands(picture):
        pixels.update(band.tobytes())
    small = picture.resize((_HASH_SIDE, _HASH_SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(small.convert("L"), dtype=np.float64)
    low = dctn(grey, norm="ortho")[1:9, 1:9].reshape(-1)
    bits = low > np.median(low)
    strength = float(np.sqrt(np.mean(low**2)))
    thumb = np.asarray(small.resize((THUMB_SIDE, THUMB_SIDE), Image.Resampling.BOX), dtype=np.uint8)
    return Fingerprint(
        exact=pixels.digest(),
        perceptual=int.from_bytes(np.packbits(bits).tobytes(), "big") if strength >= _FEATURELESS else None,
        thumb=thumb,
        variation=float(np.sqrt(np.mean(thumb.var(axis=(0, 1), dtype=np.float64)))),
        aspect=picture.width / picture.height,
    )

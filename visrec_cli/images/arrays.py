"""Pixels in memory as the bytes of a picture file, so that they go through the same door as files."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

_CHANNELS = (1, 3, 4)


def picture_file(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A file without compression that holds exactly these pixels: (height, width), or with 1, 3 or 4 channels behind or
    before these axes. PNM, or PNG where there is transparency.
    """
    if pixels.ndim == 3 and pixels.shape[-1] not in _CHANNELS:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 3 and pixels.shape[-1] == 1:
        pixels = pixels[:, :, 0]
    height, width = pixels.shape[:2]
    if pixels.ndim == 3 and pixels.shape[-1] == 4:
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels), "RGBA").save(file, "PNG", compress_level=0)
        return file.getvalue()
    kind = 5 if pixels.ndim == 2 else 6
    return f"P{kind}\n{width} {height}\n255\n".encode() + np.ascontiguousarray(pixels).tobytes()

"""The library that Pillow decodes TIFF with, asked directly for two things that Pillow does not pass on."""

import ctypes
from functools import cache

from PIL import _imaging


@cache
def silence() -> None:
    """Switch off what libtiff writes to stderr about damaged files: it would stand in the middle of a progress bar.

    Nothing happens where the library cannot be reached (it is linked into Pillow's own on Windows).
    """
    library = _library()
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        if hasattr(library, name):
            getattr(library, name)(None)


def has_codec(number: int) -> bool:
    """Whether this libtiff decodes the compression of that number; True where it cannot be asked."""
    library = _library()
    if library is None or not hasattr(library, "TIFFIsCODECConfigured"):
        return True
    return bool(library.TIFFIsCODECConfigured(ctypes.c_uint16(number & 0xFFFF)))


@cache
def _library() -> ctypes.CDLL | None:
    """Pillow's own library, through which the symbols of those that it is linked with are found."""
    try:
        return ctypes.CDLL(_imaging.__file__)
    except (OSError, AttributeError, TypeError):
        return None

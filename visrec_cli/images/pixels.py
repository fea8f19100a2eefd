"""The last steps from what Pillow decoded to 8-bit RGB: orientation, transparency, deep grey.

Every function takes a loaded picture and returns another; none looks at files.
"""

import numpy as np
from PIL import ExifTags, Image, PpmImagePlugin

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image) -> Image.Image:
    """The picture as the EXIF orientation says it should be seen."""
    turn = _TURNS.get(_orientation(image))
    return image.transpose(turn) if turn is not None else image


def lies_on_its_side(image: Image.Image) -> bool:
    """Whether width and height change places when the picture is put upright."""
    return _orientation(image) >= 5


def _orientation(image: Image.Image) -> int:
    """1 to 8; broken EXIF data counts as 1."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # the picture itself is fine: its metadata raised one of many things
        return 1


def over_white(image: Image.Image) -> Image.Image:
    """8-bit RGB of any mode, without metadata; transparent parts lie over white, as a shop page would show them."""
    if image.mode.startswith(("I", "F")):
        flat = deep_grey(image).convert("RGB")
    elif image.has_transparency_data:
        clear = image.convert("RGBA")
        flat = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    else:
        flat = image.convert("RGB")  # a copy if it is RGB already
    flat.info = {}
    return flat


def deep_grey(image: Image.Image) -> Image.Image:
    """8-bit grey of 16-bit, 32-bit and float grey; ``convert`` would clip it to white or black.

    16-bit pictures use their whole nominal range, 0 to 65535. Wider modes do not say their range: the smallest of
    0..1 (float only), 0..255 and 0..65535 that holds all values is taken, and if none does, the values are stretched
    from their lowest to their highest. NaN is black.
    """
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), nan=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or isinstance(image, PpmImagePlugin.PpmImageFile):
        low, high = 0.0, 65535.0
    else:
        ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        fitting = [top for top in ranges if low >= 0 and high <= top]
        if fitting:
            low, high = 0.0, fitting[0]
    scaled = (values - low) / (high - low) * 255 if high > low else np.zeros_like(values)
    return Image.fromarray(np.rint(np.clip(scaled, 0, 255)).astype(np.uint8))

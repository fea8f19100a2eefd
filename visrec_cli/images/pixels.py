"""The last steps from what Pillow decoded to 8-bit RGB: orientation, colours, transparency, deep grey.

Every function takes a loaded picture and returns another; none looks at files.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, PpmImagePlugin

from visrec_cli.images.colour import AS_THEY_ARE, NOTE, Colours, colours_of

_BAND_PIXELS = 1 << 22

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def to_srgb(image: Image.Image, *, profiles: bool = True) -> Image.Image:
    """An open picture as ``decoder.load_picture`` gives it; profiles: see there."""
    return over_white(upright(image), colours_of(image) if profiles else AS_THEY_ARE)


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


def bands(image: Image.Image) -> Iterator[Image.Image]:
    """The picture in strips of about four megapixels, from the top; one that is small in one piece.

    What is done to each pixel by itself is done strip by strip, as copies of a whole picture are what fills memory.
    """
    rows = max(1, _BAND_PIXELS // max(1, image.width))
    if rows >= image.height:
        yield image
        return
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(image.height, top + rows)))


def over_white(image: Image.Image, colours: Colours = AS_THEY_ARE) -> Image.Image:
    """8-bit RGB of any mode, without metadata; transparent parts lie over white, as a shop page would show them.

    ``info`` holds one word, under NOTE, where the colours were converted or could not be.
    """
    to_eight_bits = deep_grey(image) if image.mode.startswith(("I", "F")) else None
    if image.width * image.height <= _BAND_PIXELS:
        flat = _flat(image, to_eight_bits, colours)
    else:
        flat, top = Image.new("RGB", image.size), 0
        for band in bands(image):
            flat.paste(_flat(band, to_eight_bits, colours), (0, top))
            top += band.height
    flat.info = {NOTE: colours.note} if colours.note else {}
    return flat


def _flat(
    image: Image.Image, to_eight_bits: Callable[[Image.Image], Image.Image] | None, colours: Colours
) -> Image.Image:
    if to_eight_bits is not None:
        return colours.to_rgb(to_eight_bits(image))
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        if colours.transform is not None:
            alpha, clear = clear.getchannel("A"), colours.to_rgb(clear)
            clear.putalpha(alpha)
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return colours.to_rgb(image)  # a copy if it is RGB already


def deep_grey(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What makes 8-bit grey of strips of a 16-bit, 32-bit or float grey picture; ``convert`` would clip them.

    16-bit pictures use their whole nominal range, 0 to 65535. Wider modes do not say their range: the smallest of
    0..1 (float only), 0..255 and 0..65535 that holds all values is taken, and if none does, the values are stretched
    from their lowest to their highest. NaN is black. A value that the file declares transparent is white.
    """
    if image.mode.startswith("I;16") or (isinstance(image, PpmImagePlugin.PpmImageFile) and image.mode == "I"):
        low, high = 0.0, 65535.0
    else:
        extremes = [(values.min(), values.max()) for values in map(_values, bands(image))]
        low, high = float(min(least for least, _ in extremes)), float(max(most for _, most in extremes))
        ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        fitting = [top for top in ranges if low >= 0 and high <= top]
        if fitting:
            low, high = 0.0, fitting[0]
    clear = image.info.get("transparency")

    def eight_bits(band: Image.Image) -> Image.Image:
        values = _values(band)
        scaled = (values - low) / (high - low) * 255 if high > low else np.zeros_like(values)
        grey = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
        if isinstance(clear, int | float):
            grey[values == clear] = 255
        return Image.fromarray(grey)

    return eight_bits


def _values(image: Image.Image) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(image, dtype=np.float64), nan=0.0)

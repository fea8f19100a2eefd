"""From any picture file to upright 8-bit RGB pixels, or a PictureError with a reason that a person understands.

What Pillow leaves to its caller is settled here: EXIF orientation, colour profiles, alpha (over white), 16-bit and
float grey, a limit on pixels that is checked before decoding, and the exceptions of a dozen kinds that broken files
raise.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from PIL import IcoImagePlugin, Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from visrec_cli.images.colour import AS_THEY_ARE, colours_of
from visrec_cli.images.formats import ICON, kind_of
from visrec_cli.images.libtiff import has_codec, silence
from visrec_cli.images.memory import DECODED, bytes_of
from visrec_cli.images.pixels import lies_on_its_side, to_srgb
from visrec_cli.images.reject_reasons import not_supported, reason_of, unidentified_in
from visrec_cli.images.sources import PictureError, open_picture
from visrec_cli.options.pictures import MEGAPIXELS
from visrec_cli.runtime.torch_settings import trim_memory

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "PPM", "JPEG2000", "ICO")

# Pillow's own limit is one number for the whole process, and below twice that number it only warns. Ours is stricter:
# it is asked for each picture, before any pixel is decoded.
Image.MAX_IMAGE_PIXELS = None
_LARGE = 128 << 20  # bytes of a decoded picture
# Pillow warns about odd metadata on stderr, in the middle of the progress bar; what matters raises.
warnings.filterwarnings("ignore", module=r"PIL\.")


def load_picture(
    source: str | Path | bytes,
    *,
    max_megapixels: float = MEGAPIXELS,
    at_least: tuple[int, int] | None = None,
    profiles: bool = True,
) -> Image.Image:
    """The picture as upright 8-bit sRGB, its first frame, transparent parts over white.

    source: a path, a member of an archive (``shop.zip::a/b.jpg``), or the bytes of a picture file.
    at_least: (width, height) that will do. A JPEG may then be decoded at a half, a quarter or an eighth of its size,
    which is faster and changes pixels a little; the returned size is then that of the smaller picture.
    profiles: False takes the colours as they are, whatever a profile says of them, as the first release did.
    Raises PictureError, whatever is wrong with the file.
    """
    with ExitStack() as held:
        return _decoded(source, max_megapixels, at_least, profiles, held)


@contextmanager
def decoded(
    source: str | Path | bytes,
    *,
    max_megapixels: float = MEGAPIXELS,
    at_least: tuple[int, int] | None = None,
    profiles: bool = True,
) -> Iterator[Image.Image]:
    """The picture of ``load_picture``, for threads: it counts as memory in use until the end of the block.

    Where many large pictures are read at once, this waits until others are done with theirs. A large one is closed at
    the end, and its memory goes back to the system: the C library would keep it for this thread alone.
    """
    with ExitStack() as held:
        picture = _decoded(source, max_megapixels, at_least, profiles, held)
        try:
            yield picture
        finally:
            if bytes_of(picture) >= _LARGE:
                picture.close()
                trim_memory()


def _decoded(
    source: str | Path | bytes,
    max_megapixels: float,
    at_least: tuple[int, int] | None,
    profiles: bool,
    held: ExitStack,
) -> Image.Image:
    head = b""
    try:
        with open_picture(source) as stream:
            head = stream.read(32)
            if not head:
                raise PictureError("empty file")
            stream.seek(0)
            return _decode(stream, head, max_megapixels, at_least, profiles, held)
    except PictureError:
        raise
    except Exception as error:  # Pillow raises SyntaxError, TypeError, ValueError, struct.error … on broken files
        raise PictureError(reason_of(error, head)) from error


def in_srgb(source: str | Path | bytes) -> bool:
    """Whether the picture's colours are those of sRGB as they are, from its head alone; False for a broken one."""
    try:
        with open_picture(source) as stream:
            head = stream.read(32)
            stream.seek(0)
            if head.startswith(ICON):  # opening one decodes it
                return False
            with _identified(stream, head) as image:
                return colours_of(image) is AS_THEY_ARE
    except Exception:  # whoever decodes it will say what is wrong
        return False


def _decode(
    stream: io.BufferedIOBase,
    head: bytes,
    max_megapixels: float,
    at_least: tuple[int, int] | None,
    profiles: bool,
    held: ExitStack,
) -> Image.Image:
    image: Image.Image
    if head.startswith(ICON):  # an icon may hold a whole PNG, whose size it does not say, and is decoded when opened
        _check_size(IcoImagePlugin.IcoFile(cast(IO[bytes], stream)).frame(0), max_megapixels)
        stream.seek(0)
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # some libraries switch it on for the whole process
    silence()
    with _identified(stream, head) as image:
        _check_size(image, max_megapixels)
        if at_least:
            image.draft(None, at_least[::-1] if lies_on_its_side(image) else at_least)
        held.enter_context(DECODED.holding(bytes_of(image)))
        _load(image)
        if image.format == "JPEG2000":
            _require_data(stream)
        _check_size(image, max_megapixels)  # some formats know their true size only now
        return to_srgb(image, profiles=profiles)


def _identified(stream: io.BufferedIOBase, head: bytes) -> Image.Image:
    """The opened picture, of which no pixel is decoded yet."""
    try:
        return Image.open(stream, formats=_formats())  # type: ignore[arg-type]
    except UnidentifiedImageError:
        kind = kind_of(head)
        if kind not in FORMATS:
            raise
        raise unidentified_in(kind, stream) from None


def _require_data(stream: io.BufferedIOBase) -> None:
    """Raise PictureError for a JPEG 2000 that ends where its data begins: OpenJPEG makes it black."""
    stream.seek(0)
    if b"\xff\x93" not in stream.read():
        raise PictureError("truncated JPEG2000")


def _load(image: Image.Image) -> None:
    """Decode the pixels. Raises PictureError for a TIFF in a compression that this libtiff was built without."""
    try:
        image.load()
    except Exception:
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            number = image.tag_v2.get(TiffImagePlugin.COMPRESSION, 1)
            if isinstance(number, int) and not has_codec(number):
                raise PictureError(not_supported("TIFF", "compression")) from None
        raise


@cache
def _formats() -> tuple[str, ...]:
    if find_spec("pillow_heif") is None:
        return FORMATS
    from pillow_heif import register_heif_opener  # type: ignore[import-not-found,unused-ignore]

    register_heif_opener()
    return (*FORMATS, "HEIF")


def _check_size(image: Image.Image, max_megapixels: float) -> None:
    width, height = image.size
    megapixels = width * height / 1e6
    if megapixels > max_megapixels:
        raise PictureError(
            f"{image.format} says {width}x{height}: {megapixels:.0f} megapixels, over the limit of {max_megapixels:g}",
            fix=(
                "--max-megapixels raises the limit",
                "make them smaller: visrec preprocess FOLDER --max-megapixels 1000 --store jpeg --resize 1024",
            ),
        )

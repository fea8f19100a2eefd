"""From any picture file to upright 8-bit RGB pixels, or a PictureError with a reason that a person understands.

What Pillow leaves to its caller is settled here: EXIF orientation, alpha (over white), 16-bit and float grey, a limit
on pixels that is checked before decoding, and the exceptions of a dozen kinds that broken files raise. Colour profiles
are not applied.
"""

import errno
import io
import os
import stat
import struct
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from PIL import IcoImagePlugin, Image, ImageFile, UnidentifiedImageError

from visrec_cli.errors import InputError
from visrec_cli.images.archives import read_member, split_member
from visrec_cli.images.path_forms import why_missing
from visrec_cli.images.pixels import lies_on_its_side, over_white, upright

DEFAULT_MEGAPIXELS = 200.0
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "PPM", "JPEG2000", "ICO")

# Pillow's own limit is one number for the whole process, and below twice that number it only warns. Ours is stricter:
# it is asked for each picture, before any pixel is decoded.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns about odd metadata on stderr, in the middle of the progress bar; what matters raises.
warnings.filterwarnings("ignore", module=r"PIL\.")

HEIC = "HEIC picture"
_ICON = b"\0\0\1\0"
_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\0\0\0\x0cjP", "JPEG2000"),
    (_ICON, "ICO"),
    *((b"P%d" % n, "PPM") for n in range(1, 7)),
)


class PictureError(InputError):
    """One picture that cannot be used; ``str(error)`` is the reason alone, without the path."""


def load_picture(
    source: str | Path | bytes,
    *,
    max_megapixels: float = DEFAULT_MEGAPIXELS,
    at_least: tuple[int, int] | None = None,
) -> Image.Image:
    """The picture as upright 8-bit RGB, its first frame, transparent parts over white.

    source: a path, a member of an archive (``shop.zip::a/b.jpg``), or the bytes of a picture file.
    at_least: (width, height) that will do. A JPEG may then be decoded at a half, a quarter or an eighth of its size,
    which is faster and changes pixels a little; the returned size is then that of the smaller picture.
    Raises PictureError, whatever is wrong with the file.
    """
    head = b""
    try:
        with _open(source) as stream:
            head = stream.read(32)
            if not head:
                raise PictureError("empty file")
            stream.seek(0)
            return _decode(stream, head, max_megapixels, at_least)
    except PictureError:
        raise
    except Exception as error:  # Pillow raises SyntaxError, TypeError, ValueError, struct.error … on broken files
        raise PictureError(_reason(error, head)) from error


def picture_bytes(source: str | Path, most: int) -> bytes | None:
    """The bytes of a picture file or a member of an archive; None for a file of more than ``most``, to read in parts.

    Raises PictureError as load_picture does.
    """
    try:
        with _open(source) as stream:
            content = stream.read(most + 1)
    except PictureError:
        raise
    except Exception as error:  # archives have exceptions of their own
        raise PictureError(_reason(error, b"")) from error
    return content if len(content) <= most else None


def _open(source: str | Path | bytes) -> io.BufferedIOBase:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    path = os.fspath(source)
    member = split_member(path)
    if member and not Path(path).exists():
        return io.BytesIO(read_member(*member))
    if "://" in path:
        raise PictureError("a web address: only files are read")
    if not stat.S_ISREG(Path(path).stat().st_mode):  # opening a FIFO would wait for ever
        raise PictureError("a folder, not a picture" if Path(path).is_dir() else "not a plain file")
    return Path(path).open("rb")


def _decode(
    stream: io.BufferedIOBase, head: bytes, max_megapixels: float, at_least: tuple[int, int] | None
) -> Image.Image:
    image: Image.Image
    if head.startswith(_ICON):  # an icon may hold a whole PNG, whose size it does not say, and is decoded when opened
        _check_size(IcoImagePlugin.IcoFile(cast(IO[bytes], stream)).frame(0), max_megapixels)
        stream.seek(0)
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # some libraries switch it on for the whole process
    with Image.open(stream, formats=_formats()) as image:  # type: ignore[arg-type]
        _check_size(image, max_megapixels)
        if at_least:
            image.draft(None, at_least[::-1] if lies_on_its_side(image) else at_least)
        image.load()
        _check_size(image, max_megapixels)  # some formats know their true size only now
        return over_white(upright(image))


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


def kind_of(head: bytes) -> str | None:
    """The picture format that the first bytes of a file claim, whatever its name; None if they claim none."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"avif", b"avis"):
            return "AVIF"
        if head[8:11] in (b"hei", b"hev", b"mif", b"msf"):
            return "HEIC"
    return None


def _reason(error: Exception, head: bytes) -> str:
    """One short line for a person, from whatever was raised."""
    kind = kind_of(head)
    words = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno:
        lost = why_missing(str(error.filename or "")) if error.errno == errno.ENOENT else ""
        return (error.strerror or words).lower() + lost
    if isinstance(error, InputError | FileNotFoundError):
        return words
    if isinstance(error, KeyError) and not head:
        return "no such member in the archive"
    if kind == "HEIC" and isinstance(error, UnidentifiedImageError):
        return f"{HEIC}: it needs the package pillow-heif"
    if isinstance(error, MemoryError):
        return f"{kind or 'picture'} too large for the memory"
    if isinstance(error, UnidentifiedImageError):
        return f"broken {kind}" if kind else f"not a picture (starts with {_start(head)})"
    if "truncated" in words.lower() or isinstance(error, EOFError | struct.error):
        return f"truncated {kind or 'picture'}"
    return f"broken {kind or 'picture'}: {words[:100]}" if words else f"broken {kind or 'picture'}"


def _start(head: bytes) -> str:
    text = head[:16].decode("latin-1").strip()
    return repr(text) if text.isascii() and text.isprintable() else f"bytes {head[:8].hex(' ')}"

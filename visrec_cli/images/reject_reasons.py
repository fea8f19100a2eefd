"""Reasons for rejecting a picture, from decoder errors.

Three things are told apart: a file that is cut or damaged, one that is whole and in a form that is not supported, and
one that is no picture. A library's own words are never passed on: they quote bytes of the file, which may be no picture
of the user's to show.
"""

import errno
import io
import re
import struct
import tarfile
import zipfile
import zlib

from PIL import Image, UnidentifiedImageError

from visrec_cli.errors import InputError
from visrec_cli.images.formats import foreign_kind_of, kind_of, likeness_of
from visrec_cli.images.path_forms import why_missing

HEIC = "HEIC picture"

# Of Pillow's messages, those of files that may be whole: (pattern, what the file is like).
_UNSUPPORTED = (
    (r"compression", "in a compression"),
    (r"pixel depth|pixel mode|image mode|bit layers|layer images|bands", "with pixels of a kind"),
    (r"header type|bitfields|palette size|data organization|picture format|media photo", "in a layout"),
)
_ARCHIVED = (zipfile.BadZipFile, tarfile.TarError, zlib.error)
_NOT_BROKEN = re.compile(
    r"unsupported|not (yet )?supported|unknown (pixel mode|data organization|compression)|not implemented|"
    r"not available|cannot handle|illegal image mode|find loader|unable to determine j2k image mode|media photo",
    re.IGNORECASE,
)


def reason_of(error: Exception, head: bytes) -> str:
    """One short line for a person. head: the first bytes of the file, b"" where it could not be opened."""
    kind = kind_of(head)
    words = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno:
        lost = why_missing(str(error.filename or "")) if error.errno == errno.ENOENT else ""
        return (error.strerror or "it cannot be read").lower() + lost
    if isinstance(error, InputError | FileNotFoundError):
        return words
    if isinstance(error, KeyError) and not head:
        return "no such member in the archive"
    if isinstance(error, _ARCHIVED) and not head:
        return "damaged in its archive"
    if isinstance(error, MemoryError):
        return f"{kind or 'picture'} too large for the memory"
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(kind, head)
    if isinstance(error, KeyError) and kind == "TIFF":  # the number of a compression that Pillow has no name for
        return not_supported(kind, "compression")
    if isinstance(error, NotImplementedError) or _NOT_BROKEN.search(words):
        return not_supported(kind, words)
    if "truncated" in words.lower() or isinstance(error, EOFError | struct.error):
        return f"truncated {kind or 'picture'}"
    return f"broken {kind or 'picture'}"


def not_supported(kind: str | None, words: str = "") -> str:
    """The reason for a file that may be whole. words: of the library, from which is told what is not supported."""
    like = next((like for pattern, like in _UNSUPPORTED if re.search(pattern, words, re.IGNORECASE)), "of a kind")
    return f"{kind or 'picture'} {like} that is not supported"


def foreign(name: str) -> str:
    """The reason for a picture in a format that is not read at all."""
    return f"{name} picture: the format is not supported"


def _unidentified(kind: str | None, head: bytes) -> str:
    if kind == "HEIC":
        return f"{HEIC}: it needs the package pillow-heif"
    other = foreign_kind_of(head)
    if other is not None:
        return foreign(other)
    if kind is None:
        return f"not a picture: {likeness_of(head)}"
    return f"broken {kind}"


def unidentified_in(kind: str, content: io.BufferedIOBase) -> Exception:
    """What the decoder of this format says of a file that Pillow could not identify; Pillow itself keeps it back."""
    try:
        content.seek(0)
        Image.OPEN[kind][0](content, None)  # type: ignore[arg-type]
    except Exception as error:  # each decoder has its own; a look-up that failed hides in the one that Pillow expects
        hidden = error.args[0] if error.args else None
        return hidden if isinstance(hidden, KeyError) else error
    return UnidentifiedImageError("the decoder takes what Pillow did not")

"""Where the bytes of one picture are: a file, a member of an archive, or bytes that somebody has."""

import io
import os
import stat
from pathlib import Path

from visrec_cli.errors import InputError
from visrec_cli.images.archives import read_member, split_member
from visrec_cli.images.reject_reasons import reason_of


class PictureError(InputError):
    """One picture that cannot be used; ``str(error)`` is the reason alone, without the path."""


def picture_bytes(source: str | Path, most: int) -> bytes | None:
    """The bytes of a picture file or a member of an archive; None for a file of more than ``most``, to read in parts.

    Raises PictureError as load_picture does.
    """
    try:
        with open_picture(source) as stream:
            content = stream.read(most + 1)
    except PictureError:
        raise
    except Exception as error:  # archives have exceptions of their own
        raise PictureError(reason_of(error, b"")) from error
    return content if len(content) <= most else None


def open_picture(source: str | Path | bytes) -> io.BufferedIOBase:
    """A picture's file, a member of an archive (``shop.zip::a/b.jpg``), or bytes, to be read.

    Raises PictureError for what is no plain file, and whatever systems and archives raise.
    """
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

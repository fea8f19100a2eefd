"""Pictures inside ``.zip`` and ``.tar`` archives, read in place: nothing is ever extracted, so no path can escape.

A member is named ``shop.zip::a/b.jpg`` everywhere: in ``image_path``, in rejects and in ``load_picture``.
"""

import os
import tarfile
import tempfile
import threading
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import IO

from visrec_cli.errors import InputError, MissingInputError

MARK = "::"
ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_MEMBER_BYTES = 1 << 30  # a picture file above 1 GiB is a bomb or no picture
_KEPT_OPEN = 16


def is_archive(path: str) -> bool:
    """Whether the name says that this is an archive we read."""
    return path.lower().endswith(ENDINGS)


def split_member(path: str) -> tuple[str, str] | None:
    """``"shop.zip::a/b.jpg"`` → ``("shop.zip", "a/b.jpg")``; None for the path of a plain file."""
    start = 0
    while (at := path.find(MARK, start)) >= 0:
        if is_archive(path[:at]):
            return path[:at], path[at + len(MARK) :]
        start = at + 1
    return None


class Archive:
    """One open archive. Safe to use from several threads; one reads at a time."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.closed = False
        self._zip: zipfile.ZipFile | None = None
        self._tar: tarfile.TarFile | None = None
        self._unpacked: IO[bytes] | None = None
        try:
            if path.lower().endswith(".zip"):
                self._zip = zipfile.ZipFile(path)
                self._sizes = {info.filename: info.file_size for info in self._zip.infolist() if not info.is_dir()}
            else:
                self._tar = self._open_tar(path)
                self._members = {member.name: member for member in self._tar if member.isfile()}
                self._sizes = {name: member.size for name, member in self._members.items()}
        except FileNotFoundError:
            raise MissingInputError(f"there is no archive {path}", fix="check the path") from None
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError) as error:
            self.close()
            raise InputError(
                f"{path} cannot be read as an archive: {error}", fix="pack it again, or give the unpacked folder"
            ) from error

    def _open_tar(self, path: str) -> tarfile.TarFile:
        if path.lower().endswith(".tar"):
            return tarfile.open(path, "r:")
        # A compressed tar can only be read from its start: going back to one member would unpack everything before
        # it again. So the tar inside is written once to an unnamed temporary file, where members can be jumped to.
        self._unpacked = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close())
        with tarfile.open(path, "r:*") as packed:
            assert packed.fileobj is not None
            packed.fileobj.seek(0)
            while block := packed.fileobj.read(1 << 20):
                self._unpacked.write(block)
        self._unpacked.seek(0)
        return tarfile.open(fileobj=self._unpacked, mode="r:")

    def members(self) -> list[str]:
        """Names of the plain files inside, sorted."""
        return sorted(self._sizes)

    def read(self, member: str) -> bytes:
        """The bytes of one member. KeyError if there is none, ValueError if it is over 1 GiB."""
        if self._sizes[member] > MAX_MEMBER_BYTES:
            raise ValueError(f"unpacks to {self._sizes[member] >> 20} MiB")
        if self._zip is not None:
            return self._zip.read(member)
        assert self._tar is not None
        file = self._tar.extractfile(self._members[member])
        assert file is not None  # only plain files are listed
        return file.read()

    def close(self) -> None:
        """Close the file behind it."""
        self.closed = True
        for handle in (self._zip, self._tar, self._unpacked):
            if handle is not None:
                handle.close()


_open: OrderedDict[tuple[str, int, int], Archive] = OrderedDict()
_open_lock = threading.Lock()


def open_archive(path: str | Path) -> Archive:
    """The archive at ``path``, kept open for the next member. MissingInputError, InputError if it is broken."""
    path = os.fspath(path)
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        raise MissingInputError(f"there is no archive {path}", fix="check the path") from None
    key = (str(Path(path).absolute()), status.st_mtime_ns, status.st_size)
    with _open_lock:
        if key not in _open:
            while len(_open) >= _KEPT_OPEN:
                _, oldest = _open.popitem(last=False)
                with oldest.lock:
                    oldest.close()
            _open[key] = Archive(path)
        _open.move_to_end(key)
        return _open[key]


def read_member(archive: str, member: str) -> bytes:
    """The bytes of ``member`` in the archive at path ``archive``."""
    while True:
        opened = open_archive(archive)
        with opened.lock:
            if not opened.closed:  # another thread may have made room for its own archive meanwhile
                return opened.read(member)

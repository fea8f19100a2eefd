"""Pictures inside ``.zip`` and ``.tar`` archives, read in place: nothing is ever extracted, so no path can escape.

A member is named ``shop.zip::a/b.jpg`` everywhere: in ``image_path``, in rejects and in ``load_picture``.
"""

import lzma
import os
import stat
import struct
import tarfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

from visrec_cli.errors import InputError, MissingInputError, VisrecError
from visrec_cli.runtime.display import sized
from visrec_cli.tables.compression import compression_of, decompressed
from visrec_cli.tables.packed_files import ARCHIVES, MARK, seekable_copy, split_member
from visrec_cli.tables.tar_ends import require_end

__all__ = ["MARK", "Archive", "is_archive", "open_archive", "read_member", "split_member"]

MAX_MEMBER_BYTES = 1 << 30  # a picture file above 1 GiB is a bomb or no picture
_KEPT_OPEN = 16
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, NotImplementedError, OverflowError),
)  # what the two libraries raise of damaged archives
_LINK, _NO_FILE = "a link, which is not followed in archives", "not a plain file"


def is_archive(path: str) -> bool:
    """Whether the name says that this is an archive we read."""
    return path.lower().endswith(ARCHIVES)


class Archive:
    """One open archive. Safe to use from several threads; one reads at a time.

    odd: (name, reason) of what is in it and cannot be read as a file: links, devices, encrypted files, all but the last
    of equal names. Hard links are the files that they name.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.closed = False
        self.odd: list[tuple[str, str]] = []
        self._zip: zipfile.ZipFile | None = None
        self._tar: tarfile.TarFile | None = None
        self._unpacked: IO[bytes] | None = None
        self._members: dict[str, Any] = {}
        try:
            if path.lower().endswith(".zip"):
                self._zip = zipfile.ZipFile(path)
                self._list_zip(self._zip)
            else:
                self._tar = self._open_tar(path)
                self._list_tar(self._tar)
        except FileNotFoundError:
            raise MissingInputError(f"there is no archive {path}", fix="check the path") from None
        except VisrecError:
            self.close()
            raise
        except _BROKEN as error:
            self.close()
            raise InputError(
                f"{path} cannot be read as an archive: {error}", fix="pack it again, or give the unpacked folder"
            ) from error

    def _list_zip(self, packed: zipfile.ZipFile) -> None:
        for info in packed.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where it was packed on Windows
            if info.filename and info.is_dir():
                continue
            if not info.filename:  # zipfile cannot say whether it is a folder
                self.odd.append(("", "a file without a name"))
            elif kind not in (0, stat.S_IFREG):
                self.odd.append((info.filename, _LINK if kind == stat.S_IFLNK else _NO_FILE))
            elif info.flag_bits & 1:
                self.odd.append((info.filename, "encrypted"))
            else:
                self._list(info.filename, info)

    def _list_tar(self, packed: tarfile.TarFile) -> None:
        for member in packed:
            if member.isfile():
                self._list(member.name, member)
            elif member.islnk() and member.linkname in self._members:
                self._list(member.name, self._members[member.linkname])
            elif not member.isdir():
                lost = "a hard link to a file that is not in the archive"
                self.odd.append((member.name, lost if member.islnk() else _LINK if member.issym() else _NO_FILE))
        require_end(packed, self.path, next(reversed(self._members), None))

    def _list(self, name: str, member: Any) -> None:
        if name in self._members:
            self.odd.append((name, "the archive holds this name more than once: the last is read"))
        self._members[name] = member

    def _open_tar(self, path: str) -> tarfile.TarFile:
        # A compressed tar can only be read from its start: going back to one member would unpack everything before
        # it again. So the tar inside is written once to an unnamed temporary file, where members can be jumped to.
        with Path(path).open("rb") as raw:
            kind = compression_of(raw.read(8))
            if kind is None or path.lower().endswith(".tar"):
                return tarfile.open(path, "r:")
            raw.seek(0)
            self._unpacked = seekable_copy(decompressed(raw, b"", path, kind))
        return tarfile.open(fileobj=self._unpacked, mode="r:")

    def members(self) -> list[str]:
        """Names of the files inside, sorted."""
        return sorted(self._members)

    def read(self, member: str) -> bytes:
        """The bytes of one member. KeyError if there is none, InputError if it is over 1 GiB."""
        found = self._members[member]
        size = found.size if self._tar is not None else found.file_size
        if size > MAX_MEMBER_BYTES:
            raise InputError(f"unpacks to {sized(size)}, over the limit of {sized(MAX_MEMBER_BYTES)}")
        if self._zip is not None:
            return self._zip.read(found)
        assert self._tar is not None
        file = self._tar.extractfile(found)
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

"""Which files are pictures, and what each is called: folders, single files and archives.

The order never depends on the file system: by item id, then by path.
"""
# Paths stay strings here: "./imgs" is written back as "./imgs", and a Path would drop the dot.

import os
import posixpath
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from visrec_cli.errors import InputError, MissingInputError, UsageProblem
from visrec_cli.images.archives import MARK, is_archive, open_archive
from visrec_cli.images.naming import ID_STYLES, Picture, check_ids, item_id_of, printable

# fmt: off
PICTURE_ENDINGS = frozenset([
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".ppm",
    ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpf", ".jpx", ".ico", ".heic", ".heif",
])
# fmt: on
_NOT_LOOKED_INTO = frozenset({"@eadir", "__macosx", "node_modules", "$recycle.bin"})


@dataclass
class Found:
    """What a scan saw. ``unusable`` holds (path, reason) of pictures by name that cannot even be opened."""

    pictures: list[Picture] = field(default_factory=list)
    unusable: list[tuple[str, str]] = field(default_factory=list)
    other_files: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Found") -> None:
        """Take over what another scan found."""
        self.pictures += other.pictures
        self.unusable += other.unusable
        self.other_files += other.other_files

    def in_words(self) -> str:
        """What there was instead of pictures: "3 .txt, 1 .csv"."""
        if not self.other_files and not self.unusable:
            return "nothing"
        common = sorted(self.other_files.items(), key=lambda pair: (-pair[1], pair[0]))
        words = [f"{n} {ending or 'without an ending'}" for ending, n in common[:4]]
        if len(common) > 4:
            words.append(f"{sum(n for _, n in common[4:])} others")
        if self.unusable:
            words.append(f"{len(self.unusable)} that cannot be opened")
        return ", ".join(words)


def find_pictures(folder: str | Path, *, id_from: str = "stem") -> list[Picture]:
    """Every picture under ``folder``, sorted by id; hidden files and folders are left out.

    Raises MissingInputError if it is not there, InputError if it holds no picture or if two would have the same id.
    """
    found = scan(folder, id_from=id_from)
    if not found.pictures:
        raise no_pictures(os.fspath(folder), found)
    check_ids(found.pictures)
    return found.pictures


def scan(source: str | Path, *, id_from: str = "stem") -> Found:
    """All that one source holds: a folder, one picture, or an archive.

    id_from: "stem" the path below the source without its ending, "path" the same with its ending, "name" the file
    name alone without its ending, "full" the path as given. Raises MissingInputError if there is no such source.
    """
    if id_from not in ID_STYLES:
        raise UsageProblem(f"unknown id style {id_from!r}", fix="use one of: " + ", ".join(ID_STYLES))
    source = os.fspath(source)
    if Path(source).is_dir():
        found = _scan_folder(source, id_from)
    elif not os.path.lexists(source):
        raise MissingInputError(f"there is no file or folder {printable(source)}", fix="check the path")
    elif is_archive(source):
        found = _scan_archive(source, id_from)
    else:
        found = Found()
        take(found, source, Path(source).name, id_from, any_ending=True)
    found.pictures.sort(key=lambda picture: (picture.item_id, picture.path))
    found.unusable.sort()
    return found


def no_pictures(source: str, found: Found) -> InputError:
    """The refusal of a source without any picture; it says what was found instead."""
    return InputError(
        f"no picture in {printable(source)}: found {found.in_words()}",
        fix="give a folder, an archive or a table of pictures (jpg, png, webp, gif, tiff, bmp, avif …)",
    )


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _NOT_LOOKED_INTO


def _scan_folder(folder: str, id_from: str) -> Found:
    """Real folders first, then those behind links that were not seen yet: each is read once, so no loop is endless."""
    found = Found()
    seen: set[tuple[int, int]] = set()
    real: list[tuple[str, str]] = [(folder, "")]
    linked: list[tuple[str, str]] = []
    while real or linked:
        here, below = real.pop() if real else linked.pop(0)
        try:
            status = Path(here).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(here) as entries:
                folders, links = _sort_in(entries, below, id_from, found)
        except OSError as error:
            found.unusable.append((printable(here), f"folder cannot be read: {error.strerror}"))
            continue
        real += sorted(folders)
        linked += sorted(links)
    return found


def _sort_in(
    entries: Iterable[os.DirEntry[str]], below: str, id_from: str, found: Found
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Files into ``found`` as they come, so that their entries are not held. Returns the folders, and links to some."""
    folders, links = [], []
    for entry in entries:
        if _hidden(entry.name):
            continue
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            folders.append((entry.path, name))
        elif _leads_to_folder(entry):
            links.append((entry.path, name))
        else:
            take(found, entry.path, name, id_from)
    return folders, links


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False


def take(found: Found, path: str, below: str, id_from: str, *, any_ending: bool = False) -> None:
    """Sort the file at ``path`` into ``found``; ``below`` is its place within the source.

    Only plain files are pictures: opening a FIFO would wait for ever.
    """
    ending = posixpath.splitext(below)[1].lower()
    if ending not in PICTURE_ENDINGS and not any_ending:
        found.other_files[printable(ending)] += 1
        return
    try:
        plain = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116  # there are thousands
    except OSError as error:
        reason = "broken link" if Path(path).is_symlink() else f"cannot be opened: {error.strerror}"
        found.unusable.append((printable(path), reason))
        return
    if not plain:
        found.unusable.append((printable(path), "not a plain file"))
    elif printable(path) != path:
        found.unusable.append((printable(path), "its name is not UTF-8"))
    else:
        found.pictures.append(Picture(item_id_of(path, below, id_from), path))


def _scan_archive(path: str, id_from: str) -> Found:
    found = Found()
    for member in open_archive(path).members():
        below = posixpath.normpath(member)
        ending = posixpath.splitext(below)[1].lower()
        if any(_hidden(part) and part != ".." for part in below.split("/")):
            continue
        if ending not in PICTURE_ENDINGS:
            found.other_files[printable(ending)] += 1
        elif printable(member) != member or printable(path) != path:
            found.unusable.append((printable(f"{path}{MARK}{member}"), "its name is not UTF-8"))
        else:
            whole = f"{path}{MARK}{member}"
            found.pictures.append(Picture(item_id_of(whole, below, id_from), whole))
    return found

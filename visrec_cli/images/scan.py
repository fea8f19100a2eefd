"""Which files are pictures, and what each is called: folders, single files and archives.

The order never depends on the file system: by item id, then by path.
"""
# Paths stay strings here: "./imgs" is written back as "./imgs", and a Path would drop the dot.

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.images.archives import MARK, is_archive, open_archive
from visrec_cli.images.names import ID_STYLES, Picture, check_ids, printable
from visrec_cli.images.scan_result import HIDDEN, LINKS, ScanResult
from visrec_cli.runtime.report import Report

_NOT_LOOKED_INTO = frozenset({"@eadir", "__macosx", "node_modules", "$recycle.bin"})


def find_pictures(folder: str | Path, *, id_from: str = "stem", report: Report | None = None) -> list[Picture]:
    """Every picture under ``folder``, sorted by id; what else is there is told to the report.

    Raises MissingInputError if it is not there, InputError if it holds no picture or if two would have the same id.
    """
    found = scan(folder, id_from=id_from)
    if report is not None:
        found.tell(report)
    if not found.pictures:
        raise no_pictures(os.fspath(folder), found)
    check_ids(found.pictures)
    return found.pictures


def scan(source: str | Path, *, id_from: str = "stem", follow_links: bool = False) -> ScanResult:
    """All that one source holds: a folder, one picture, or an archive.

    id_from: "stem" the path below the source without its ending, "path" the same with its ending, "name" the file
    name alone without its ending, "full" the path as given. follow_links: go into folders outside of the source to
    which a link in it leads. Raises MissingInputError if there is no such source.
    """
    if id_from not in ID_STYLES:
        raise UsageError(f"unknown id style {id_from!r}", fix="use one of: " + ", ".join(ID_STYLES))
    source = os.fspath(source)
    if Path(source).is_dir():
        found = _scan_folder(source, id_from, follow_links=follow_links)
    elif not os.path.lexists(source):
        raise MissingInputError(f"there is no file or folder {printable(source)}", fix="check the path")
    elif is_archive(source):
        found = _scan_archive(source, id_from)
    else:
        found = ScanResult()
        found.take(source, Path(source).name, id_from)
    found.pictures.sort(key=lambda picture: (picture.item_id, picture.path))
    found.unusable.sort()
    return found


def no_pictures(source: str, found: ScanResult) -> InputError:
    """The refusal of a source without any picture; it says what was found instead."""
    first = f", the first ({found.unusable[0][0]}): {found.unusable[0][1]}" if found.unusable else ""
    return InputError(
        f"no picture in {printable(source)}: found {found.in_words()}{first}",
        fix="give a folder, an archive or a table of pictures (jpg, png, webp, gif, tiff, bmp, avif …)",
    )


def _scan_folder(folder: str, id_from: str, *, follow_links: bool) -> ScanResult:
    """Real folders first, then those behind links that were not seen yet: each is read once, so no loop is endless.

    A link that leads out of the source is another matter: what lies there may be nobody's pictures to show.
    """
    found = ScanResult()
    seen: set[tuple[int, int]] = set()
    inside = _real(folder)
    real: list[tuple[str, str]] = [(folder, "")]
    linked: list[tuple[str, str]] = []
    while real or linked:
        through_link = not real
        current, below = linked.pop(0) if through_link else real.pop()
        try:
            status = Path(current).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            if through_link and not follow_links and not _real(current).startswith(inside):
                found.other_files[LINKS] += 1
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(current) as entries:
                folders, links = _sort_in(entries, below, id_from, found)
        except OSError as error:
            found.unusable.append((printable(current), f"folder cannot be read: {error.strerror}"))
            continue
        real += sorted(folders)
        linked += sorted(links)
    return found


def _real(folder: str) -> str:
    """The folder without links, and with a separator at its end, so that what begins with it lies in it."""
    return f"{os.path.realpath(folder).rstrip(os.sep)}{os.sep}"


def _sort_in(
    entries: Iterable[os.DirEntry[str]], below: str, id_from: str, found: ScanResult
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Files into ``found`` as they come, so that their entries are not held. Returns the folders, and links to some."""
    folders, links, others, since = [], [], [], len(found.pictures)
    for entry in entries:
        if _hidden(entry.name):
            found.other_files[HIDDEN] += 1
            continue
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            folders.append((entry.path, name))
        elif _leads_to_folder(entry):
            links.append((entry.path, name))
        elif found.is_picture(entry.path, name):
            found.take(entry.path, name, id_from)
        else:
            others.append(entry.path)
    found.tell_sidecars(others, since)
    return folders, links


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _NOT_LOOKED_INTO


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False


def _scan_archive(path: str, id_from: str) -> ScanResult:
    found, others = ScanResult(), list[str]()
    archive = open_archive(path)
    for member, reason in [*((member, None) for member in archive.members()), *archive.odd]:
        below, whole = posixpath.normpath(member), f"{path}{MARK}{member}"
        if any(_hidden(part) and part != ".." for part in below.split("/")):
            found.other_files[HIDDEN] += 1
        elif not found.is_picture(whole, below):
            others.append(whole)
        elif reason is None:
            found.put(whole, below, id_from)
        else:
            found.unusable.append((printable(whole), reason))
    found.tell_sidecars(dict.fromkeys(others), tar=not path.lower().endswith(".zip"))
    return found

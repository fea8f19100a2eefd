"""What a picture is called: its id, and how a path is shown."""

import posixpath
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from visrec_cli.errors import InputError

ID_STYLES = ("stem", "path", "name", "full")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file: its id, and its path as the user would write it (relative stays relative)."""

    item_id: str
    path: str


def check_ids(pictures: list[Picture]) -> None:
    """InputError if two pictures share an id, naming both and the ways out."""
    ordered = sorted(pictures, key=attrgetter("item_id"))  # most are in order, and a dictionary of them all takes room
    clashes = [(one.item_id, one.path, two.path) for one, two in pairwise(ordered) if one.item_id == two.item_id]
    if clashes:
        item_id, first, second = clashes[0]
        more = f" ({len(clashes)} such clashes)" if len(clashes) > 1 else ""
        shared = {clash[0] for clash in clashes}
        endings = [(one.item_id, posixpath.splitext(one.path)[1]) for one in ordered if one.item_id in shared]
        keeps = "--id-from full keeps the whole path, as given, in the id"
        ways = (keeps, f"visrec preprocess FOLDER {keeps}")
        if len(set(endings)) == len(endings):  # else one path is written in two ways, or lies in two sources
            ways = (
                "--id-from path keeps the ending in the id, --id-from full the whole path as given",
                "visrec preprocess FOLDER --id-from path keeps the ending in the id",
            )
        raise InputError(f"{printable(first)} and {printable(second)} would both be item {item_id!r}{more}", fix=ways)


def printable(path: str) -> str:
    r"""A path that every terminal and file can take: bytes that are not UTF-8 become ``\xff``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def item_id_of(path: str, below: str, id_from: str) -> str:
    """The id of a picture at ``path`` that lies at ``below`` (POSIX) within its source."""
    if id_from == "full":
        return path
    if id_from == "path":
        return below
    name = posixpath.basename(below) if id_from == "name" else below
    return posixpath.splitext(name)[0]

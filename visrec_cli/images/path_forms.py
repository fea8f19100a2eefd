"""One file, several ways to write its path: ``im\\a.png``, ``file:///im/a.png``, letters with their marks apart.

A table may come from another system than its pictures. macOS gives the names of files with accents as signs of their
own (NFD), other systems and most tables as one sign with its letter (NFC): the same word, in other bytes.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from visrec_cli.images.archives import split_member

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def forms_of(path: str) -> Iterator[str]:
    """The path as it is written, then its other forms, each once."""
    seen: set[str] = set()
    plain = _without_scheme(path)
    slashed = plain.replace("\\", "/") if os.sep == "/" else plain
    for form in (plain, slashed):
        for one in (form, *(unicodedata.normalize(way, form) for way in ("NFC", "NFD") if not form.isascii())):
            if one not in seen:
                seen.add(one)
                yield one


def has_forms(path: str) -> bool:
    """Whether the path can be written in other ways at all."""
    return "\\" in path or not path.isascii() or path.lower().startswith("file:")


def found(path: str, *folders: str | Path) -> str | None:
    """The first form of the path that is there, below the first folder that has it ("": from here); None if none is.

    The part of an archive before ``::`` is looked for.
    """
    for form in forms_of(path):
        for folder in folders if not Path(form).is_absolute() else ("",):
            whole = str(Path(folder) / form) if folder else form
            member = split_member(whole)
            if Path(member[0] if member and not Path(whole).exists() else whole).exists():
                return whole
    return None


def why_missing(path: str) -> str:
    """What to add to "no such file": that a path was written on another system; empty if it was not."""
    if os.sep == "/" and _DRIVE.match(path):
        return " (a path of Windows, with its drive)"
    return r" (\ is no separator here, and with / there is none either)" if os.sep == "/" and "\\" in path else ""


def _without_scheme(path: str) -> str:
    if not path.lower().startswith("file:"):
        return path
    parts = urlsplit(path)
    return unquote(parts.path) if parts.netloc in ("", "localhost") else path

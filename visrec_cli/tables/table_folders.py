"""Folders and patterns of names that are one table in several files: which files, in which order."""

import glob
import mimetypes
import os
import re
import shlex
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.known_files import BINARY, is_part_name, plain_ending, the_table

_PICTURES = frozenset(end for end, kind in mimetypes.types_map.items() if kind.startswith("image/")) | {
    *(".webp", ".avif", ".heic", ".heif", ".jxl")
}
_ONE_OF = re.compile(r"^(.*?)(\d+)-of-(\d+)(\D.*)$")
_CLIP = re.compile(r"(img_emb|text_emb)_\d+\.npy|metadata_\d+\.parquet")
_SHOWN = 4


@dataclass(frozen=True)
class Listing:
    """The files of one table, in the order of its rows. layout: ``parts``, or whose folder it is: ``clip-retrieval``,
    ``lenskit``. root: the folder below which the names of folders may be columns."""

    where: str
    root: str
    files: list[str]
    layout: str = "parts"


@dataclass
class _Found:
    """What a folder holds. tables, and the first picture, as paths below it; how many other files there are."""

    tables: list[str] = field(default_factory=list)
    picture: str | None = None
    others: int = 0
    marks: set[str] = field(default_factory=set)


def are_files(source: Any) -> bool:
    """Whether a name is that of a folder, or a pattern of names."""
    return Path(source).is_dir() or is_pattern(source)


def listing_of(source: Any, role: str | None, report: Report) -> Listing:
    """The files of a folder of tables, or of a pattern such as ``logs/*.parquet``.

    role: see readers.open_table. The report is told what is read as one table. Raises InputError for a folder that is
    none, MissingInputError for a pattern that nothing matches.
    """
    name = os.fspath(source)
    return _of_folder(name, role, report) if Path(name).is_dir() else _of_pattern(name)


def is_pattern(source: Any) -> bool:
    """Whether a name is a pattern rather than that of a file which is there."""
    name = os.fspath(source)
    return glob.has_magic(name) and not os.path.lexists(name)


def is_folder_of_tables(source: Any) -> bool:
    """Whether this is a folder of tables. One with pictures is a folder of pictures, whatever lies beside them."""
    if not isinstance(source, str | os.PathLike) or not Path(source).is_dir():
        return False
    found = _look(os.fspath(source))
    return bool(found.tables) and not found.picture


def refuse_mixed(folder: str) -> None:
    """Raise InputError for a folder in which parts in Parquet, Arrow or NPY lie beside pictures: where either could be
    meant. What describes the pictures, ``metadata.parquet``, is no such part."""
    found = _look(folder)
    binary = [name for name in found.tables if plain_ending(name) in BINARY]
    parts = [name for name in binary if PurePosixPath(name).stem != "metadata"]
    if found.picture and parts:
        raise _mixed(folder, found.picture, parts)


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which part-2 comes before part-10, and no two names are equal."""
    return [(0, int(some), "") if some.isdecimal() else (1, 0, some) for some in re.split(r"(\d+)", name)], name


def _look(folder: str) -> _Found:
    """All files below a folder, but those that are hidden or whose names begin with an underscore, as Spark's."""
    found = _Found()
    for place, folders, files in os.walk(folder):
        below = os.path.relpath(place, folder)
        found.marks |= {name for name in (*folders, *files) if name in _FOREIGN or name in _DOCUMENTS}
        found.marks |= {".lance" for name in files if name.endswith(".lance")}
        folders[:] = [name for name in folders if name[0] not in "._"]
        beside = {name[:-4] for name in files if name.endswith(".npy")}
        for name in files:
            if name[0] in "._":
                continue
            if name[name.rfind(".") :].lower() in _PICTURES:
                found.picture = found.picture or (name if below == "." else f"{below}/{name}")
                continue
            path = name if below == "." else f"{below}/{name}"
            if is_part_name(name) and not _belongs(name, beside):
                found.tables.append(path)
            else:
                found.others += name not in _DOCUMENTS
    found.tables.sort(key=natural_order)
    return found


def _belongs(name: str, matrices: set[str]) -> bool:
    """Whether this says something of a matrix beside it (see npy)."""
    return any(name.endswith(end) and name[: -len(end)] in matrices for end in (".ids.txt", ".space.json"))


_DOCUMENTS = ("state.json", "dataset_info.json", "dataset_dict.json", "schema.json", "summary.md")
_FOREIGN = {
    "_delta_log": ("a Delta table, whose log says which of its files count", "duckdb: COPY (FROM delta_scan('{}'))"),
    ".hoodie": ("a Hudi table, whose log says which of its files count", "Spark: df.write.parquet"),
    ".lance": ("a Lance table", "Python: lance.dataset('{}').to_table()"),
}


def _of_folder(folder: str, role: str | None, report: Report) -> Listing:
    found = _look(folder)
    for mark, (what, how) in _FOREIGN.items():
        if mark in found.marks:
            raise InputError(f"{folder} is {what}", fix=f"write it as plain Parquet, with {how.format(folder)}")
    if not found.tables:
        raise InputError(
            f"{folder} is a folder, not a table",
            fix=f"visrec preprocess {shlex.quote(folder)} makes a table of its pictures",
        )
    if found.picture:
        raise _mixed(folder, found.picture, found.tables)
    if "dataset_dict.json" in found.marks:
        splits = sorted({name.split("/")[0] for name in found.tables})
        raise InputError(
            f"{folder} holds {counted(len(splits), 'data sets')}: {', '.join(splits)}",
            fix=f"name one: {shlex.quote(_below(folder, splits[0]))}",
        )
    if "schema.json" in found.marks and {"user.parquet", "item.parquet"} & set(found.tables):
        return Listing(folder, folder, [_below(folder, "schema.json")], "lenskit")
    bases = [PurePosixPath(name).name for name in found.tables]
    if all(map(_CLIP.fullmatch, bases)) and any(name.startswith("metadata_") for name in bases):
        files = [_below(folder, name) for name in found.tables]
        report.warn(f"{folder}: the vectors and metadata of clip-retrieval are read as one table")
        return Listing(folder, folder, files, "clip-retrieval")
    named = None if len(found.tables) == 1 else the_table(found.tables, role)
    if named is not None:
        report.warn(f"{folder}: {named} is read, of {counted(len(found.tables), 'tables')} in the folder")
        return Listing(folder, folder, [_below(folder, named)])
    _require_one_kind(folder, found.tables)
    _require_all(folder, found.tables)
    if len(found.tables) > 1 or found.others:
        what = "1 file is" if len(found.tables) == 1 else f"{len(found.tables):,} files are"
        others = f"; {counted(found.others, 'other files')} left out" if found.others else ""
        report.warn(f"{folder}: {what} read as one table{others}")
    return Listing(folder, folder, [_below(folder, name) for name in found.tables])


def _of_pattern(name: str) -> Listing:
    files: list[str] = []
    for path in glob.glob(name, recursive=True):  # noqa: PTH207  # which keeps names as they are written
        if Path(path).is_dir():
            files += [_below(path, one) for one in _look(path).tables]
        elif PurePosixPath(path).name[0] != "_":
            files.append(path)
    if not files:
        raise MissingInputError(f"no file matches {name}", fix="check the pattern, or name the folder")
    root = "/".join(part for part in name.split("/")[: _first_magic(name)])
    return Listing(name, root or ".", sorted(set(files), key=natural_order))


def _first_magic(name: str) -> int:
    return next(at for at, part in enumerate(name.split("/")) if glob.has_magic(part))


def _below(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder.strip("/") else f"/{name}"


def _mixed(folder: str, picture: str, tables: list[str]) -> InputError:
    return InputError(
        f"{folder} holds pictures ({picture} …) and tables ({', '.join(tables[:_SHOWN])} …)",
        fix=f"of the table: name it, {shlex.quote(_below(folder, tables[0]))}; of the pictures: "
        f"visrec preprocess {shlex.quote(folder)}",
    )


def _require_one_kind(folder: str, tables: list[str]) -> None:
    kinds = Counter(plain_ending(name) for name in tables)
    if len(kinds) > 1:
        raise InputError(
            f"{folder} holds tables of several kinds: {', '.join(f'{n:,} {end}' for end, n in kinds.items())}",
            fix=f"name one, as {shlex.quote(_below(folder, tables[0]))}, "
            f"or those of one kind: {shlex.quote(_below(folder, '*' + next(iter(kinds))))}",
        )


def _require_all(folder: str, tables: list[str]) -> None:
    """Raise InputError where a file says that it is one of several, and others are missing."""
    groups: dict[tuple[str, int, str], set[int]] = defaultdict(set)
    for name in tables:
        if one := _ONE_OF.match(name):
            groups[one[1], int(one[3]), one[4]].add(int(one[2]))
    for (before, many, after), there in groups.items():
        first = 1 if many in there else 0
        if lacking := [number for number in range(first, first + many) if number not in there][:_SHOWN]:
            numbers = ", ".join(map(str, lacking))
            raise InputError(
                f"{folder}: of {before}*-of-*{after} there are {len(there):,} of {many:,} parts (missing: {numbers})",
                fix="fetch the others",
            )

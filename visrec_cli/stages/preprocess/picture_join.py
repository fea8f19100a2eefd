"""Join of pictures and items by id, with explanations of what did not match."""

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.images.archives import split_member
from visrec_cli.images.names import ID_STYLES, Picture, item_id_of
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess.picture_sources import Catalogue
from visrec_cli.tables.unicode_forms import FORM, composed

_FEW = 0.1  # below this share of joined ids, the ids are probably written in two ways


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the output. path: its picture, if it has one. item: its row in the table of items, if it is there."""

    item_id: str
    path: str | None
    item: int | None


def join(catalogue: Catalogue, *, id_from: str, keep_unlisted: bool, report: Report) -> list[Row]:
    """The rows of the output: in the order of the table of items, or of ids without one; unlisted pictures last.

    Pictures that no item names are rejected, or kept with ``keep_unlisted``. Raises InputError if nothing joins.
    """
    if catalogue.items is None:
        return [Row(picture.item_id, picture.path, None) for picture in catalogue.pictures]
    ids: list[str] = catalogue.items["item_id"].to_pylist()
    path_of = {picture.item_id: picture.path for picture in catalogue.pictures}
    renamed = _in_other_letters(catalogue.pictures, ids, path_of)
    path_of |= {item_id: picture.path for item_id, picture in renamed.items()}
    rows = [Row(item_id, path_of.get(item_id), at) for at, item_id in enumerate(ids)]
    known = {*ids, *(picture.item_id for picture in renamed.values())}
    unlisted = [picture for picture in catalogue.pictures if picture.item_id not in known]
    if renamed:
        report.warn(
            f"{counted(len(renamed), 'pictures')} joined whose names differ from their items' in nothing but {FORM}"
        )
    joined = len(catalogue.pictures) - len(unlisted)
    if joined < _FEW * min(len(ids), len(catalogue.pictures)):
        _complain(catalogue, ids, joined, id_from, report, allow=keep_unlisted and joined == 0)
    if unlisted:
        report.count("pictures without item" + (", kept" if keep_unlisted else ", left out"), len(unlisted))
    if keep_unlisted:
        return rows + [Row(picture.item_id, picture.path, None) for picture in unlisted]
    for picture in unlisted:
        report.reject("join", "no item has this id", path=picture.path, item_id=picture.item_id)
    return rows


def _in_other_letters(pictures: Sequence[Picture], ids: Sequence[str], path_of: dict[str, str]) -> dict[str, Picture]:
    """By item: the one picture whose id has its letters in another Unicode form, where none has its very id."""
    known = set(ids)
    unmatched: dict[str, list[Picture]] = {}
    for picture in pictures:
        if picture.item_id not in known and not picture.item_id.isascii():
            unmatched.setdefault(composed(picture.item_id), []).append(picture)
    if not unmatched:
        return {}
    wanting: dict[str, list[str]] = {}
    for item_id in ids:
        if item_id not in path_of and composed(item_id) in unmatched:
            wanting.setdefault(composed(item_id), []).append(item_id)
    return {
        items[0]: unmatched[letters][0]
        for letters, items in wanting.items()
        if len(items) == len(unmatched[letters]) == 1
    }


def _complain(
    catalogue: Catalogue, ids: Sequence[str], joined: int, id_from: str, report: Report, *, allow: bool
) -> None:
    names = [picture.item_id for picture in catalogue.pictures]
    what = (
        f"only {joined:,} of {len(names):,} pictures belong to any of the {len(ids):,} items of {catalogue.where}: "
        f"pictures are called {_three(names)}, items {_three(ids)}"
    )
    fix = _way_out(catalogue, set(ids), id_from)
    if joined or allow:
        report.warn(f"{what}; {fix}")
    else:
        raise InputError(what, fix=fix)


def _three(ids: Sequence[str]) -> str:
    return ", ".join(repr(item_id) for item_id in ids[:3])


def _way_out(catalogue: Catalogue, ids: set[str], id_from: str) -> str:
    """The id style under which most pictures would join, if there is a better one."""
    assert catalogue.items is not None  # complaints are about a join
    best, matches = id_from, 0
    for style in ID_STYLES:
        n = sum(_renamed(picture, style) in ids for picture in catalogue.pictures)
        if style != id_from and n > matches:
            best, matches = style, n
    if matches:
        return f"with --id-from {best}, {matches:,} pictures would find their item"
    strings = [f.name for f in catalogue.items.schema if pa.types.is_string(f.type) and f.name != "item_id"]
    names = {posixpath.basename(picture.path) for picture in catalogue.pictures}
    for name in strings:
        if any(value and posixpath.basename(value) in names for value in catalogue.items[name].to_pylist()[:1000]):
            command = f"visrec preprocess {shlex.quote(catalogue.where)}"
            return f"the column '{name}' names the pictures: leave the folder out, {command}"
    return "name the items' id column with --id-column, or rename the pictures"


def _renamed(picture: Picture, style: str) -> str:
    """What the picture would be called under another style; ids within the source are guessed from the path."""
    member = split_member(picture.path)
    path = member[1] if member else picture.path
    ending = posixpath.splitext(path)[1]
    if style == "path":
        return picture.item_id + ending
    if style == "stem":
        return picture.item_id.removesuffix(ending)
    return item_id_of(picture.path, path, style)

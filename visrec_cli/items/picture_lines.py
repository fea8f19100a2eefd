"""The items that pictures of a folder or archive are, with the columns of what describes them there."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.images.archives import split_member
from visrec_cli.images.names import Picture, check_ids
from visrec_cli.images.scan_result import ScanResult
from visrec_cli.items.image_folder import Lines, metadata_lines
from visrec_cli.items.webdataset import samples
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.failures import LIBRARY_FAILURES, in_short
from visrec_cli.tables.ids import ids_or_nulls

PATHS = "image_paths"


@dataclass(frozen=True)
class DescribedItems:
    """Items in the order of their ids, with the path of the picture of each, or its first.

    table: ``item_id``, ``image_paths`` where an item has several, and the columns of what describes them, null where
    nothing does; None where nothing describes any.
    """

    pictures: list[Picture]
    table: pa.Table | None


def described(found: ScanResult, report: Report, *, id_from: str = "stem") -> DescribedItems:
    """What a scan found as items. What describes them is taken out of ``found``, so that nobody counts it as left out.

    Raises InputError where two pictures would have one id, and for files that describe and are damaged.
    """
    lines = [one for file in found.take_metadata() if (one := metadata_lines(file, found.pictures, report)) is not None]
    companions = found.take_companions()
    if companions:
        lines += samples(companions, found.pictures, id_from, report)
    if not lines:
        check_ids(found.pictures)
        return DescribedItems(found.pictures, None)
    table, row_of = _together(lines)
    pictures = sorted(_renamed(found.pictures, table, row_of), key=lambda one: (one.item_id, one.path))
    sampled = {_archive(path) for path in companions}
    pictures, paths = _of_items(pictures, sampled)
    check_ids(pictures)
    without = sum(picture.path not in row_of for picture in pictures)
    if without:
        report.count("pictures that nothing describes", without)
    rows = pa.array([row_of.get(picture.path) for picture in pictures], pa.int64())
    columns = {"item_id": pa.array([picture.item_id for picture in pictures], pa.string())}
    if any(len(some) > 1 for some in paths):
        columns[PATHS] = pa.array(paths, pa.list_(pa.string()))
    columns |= {name: table[name].take(rows) for name in table.column_names if name not in ("item_id", "image_path")}
    return DescribedItems(pictures, pa.table(columns))


def _of_items(pictures: list[Picture], sampled: set[str | None]) -> tuple[list[Picture], list[list[str]]]:
    """The first picture of each item, and the paths of all of them; only samples of these archives have several."""
    firsts: list[Picture] = []
    paths: list[list[str]] = []
    for one in pictures:
        archive = _archive(one.path)
        if firsts and one.item_id == firsts[-1].item_id and archive in sampled and archive == _archive(firsts[-1].path):
            paths[-1].append(one.path)
        else:
            firsts.append(one)
            paths.append([one.path])
    return firsts, paths


def _archive(path: str) -> str | None:
    member = split_member(path)
    return member and member[0]


def _together(lines: list[Lines]) -> Lines:
    """One table of several, whose columns need not be the same."""
    row_of: dict[str, int] = {}
    start = 0
    for table, rows in lines:
        row_of |= {path: start + row for path, row in rows.items()}
        start += table.num_rows
    try:
        return pa.concat_tables([table for table, _ in lines], promote_options="permissive"), row_of
    except LIBRARY_FAILURES as error:
        raise InputError(
            f"{counted(len(lines), 'files')} that describe pictures have columns of one name and different types "
            f"({in_short(error)})",
            fix="write one metadata.jsonl for all pictures, or preprocess the folders one by one",
        ) from error


def _renamed(pictures: list[Picture], table: pa.Table, row_of: Mapping[str, int]) -> list[Picture]:
    """Pictures whose row has an ``item_id`` are called so."""
    if "item_id" not in table.column_names:
        return pictures
    rows = pa.array(sorted(row_of.values()), pa.int64())
    where = "the metadata of the pictures"
    ids = ids_or_nulls(table["item_id"].take(rows).combine_chunks(), name="item_id", where=where)
    names = dict(zip(rows.to_pylist(), ids.to_pylist(), strict=True))
    return [Picture(names.get(row_of.get(one.path)) or one.item_id, one.path) for one in pictures]

"""Samples of a WebDataset: the files of a tar whose names are the same up to the first dot are one item.

Source of the convention: https://github.com/webdataset/webdataset, as img2dataset and Hugging Face write and read it.
"""

import json
import posixpath
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.images.archives import read_member, split_member
from visrec_cli.images.names import Picture, printable
from visrec_cli.images.scan_result import sample_of
from visrec_cli.items.image_folder import Lines
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.documents import Origin

_NAMES = {"txt": "text", "cls": "class"}
_DIGITS = 18  # of a class that is a number
_ROW = "visrec.row"  # so that a sample of which nothing is said has a line
_RESERVED = ("item_id", "image_path", "image_paths", "visrec.schema", "visrec.row")


def samples(companions: Sequence[str], pictures: Sequence[Picture], id_from: str, report: Report) -> list[Lines]:
    """The lines of each archive that has companions of pictures: a row for each sample with a picture.

    Texts are the column ``text``, numbers and names of classes ``class``, and each key of a JSON object is a column;
    what is named more closely (``a.left.txt``) is called so (``left``). A sample is called by its key where pictures
    are called by their stems; what cannot be read is rejected.
    """
    beside: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in companions:
        beside[_archive(path)][sample_of(path)].append(path)
    within: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        within[_archive(picture.path)].append(picture)
    return [_lines(archive, files, within[archive], id_from, report) for archive, files in sorted(beside.items())]


def _lines(
    archive: str, files: Mapping[str, Sequence[str]], pictures: Sequence[Picture], id_from: str, report: Report
) -> Lines:
    taken = {_column(path) for paths in files.values() for path in paths}
    rows: dict[str, int] = {}
    row_of: dict[str, int] = {}
    written: list[dict[str, Any]] = []
    for picture in pictures:
        sample = sample_of(picture.path)
        if sample not in rows:
            rows[sample] = len(rows)
            values: dict[str, Any] = {}
            for path in sorted(files.get(sample, ()), reverse=True):  # texts before JSON, in the order of columns
                values |= _read(path, taken, report)
            called = {"item_id": _id(sample, id_from)} if id_from in ("stem", "name") else {}
            written.append({**called, **values, _ROW: rows[sample]})
        row_of[picture.path] = rows[sample]
    table = _table(written, archive, report)
    columns = ", ".join(name for name in table.column_names if name != "item_id")
    report.warn(
        f"{archive} is a WebDataset: files whose names are the same up to the first dot are an item, here "
        f"{counted(len(rows), 'items')} with {columns or 'nothing but pictures'}"
    )
    return table, row_of


def _table(rows: Sequence[Mapping[str, Any]], archive: str, report: Report) -> pa.Table:
    """The rows as a table. Where objects and lists of JSON do not agree on their types, they are text."""
    from visrec_cli.tables.text import read_text  # and with it polars, which pictures alone do not need

    def read(values: Sequence[Mapping[str, Any]]) -> pa.Table:
        return read_text("\n".join(map(json.dumps, values)).encode(), archive).read_all().drop_columns([_ROW])

    try:
        return read(rows)
    except InputError as error:
        report.warn(f"{error.what}: what is nested in its JSON becomes text")
    return read([{name.replace("\0", ""): _plain(value) for name, value in row.items()} for row in rows])


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _read(path: str, taken: Collection[str], report: Report) -> dict[str, Any]:
    """The columns that a file says something of. taken: those of other files, which no key of JSON takes."""
    column, kind = _column(path), path.rpartition(".")[2].lower()
    content = read_member(*(split_member(path) or ("", "")))
    try:
        if kind == "json":
            value = Origin(printable(path), fix="pack the archive again").json(content.decode("utf-8-sig"))
        else:
            value = content.decode("utf-8-sig").rstrip("\r\n")
            value = int(value) if kind == "cls" and value.strip().isdecimal() and len(value) < _DIGITS else value
    except UnicodeDecodeError:
        report.reject("metadata", "not UTF-8 text", path=printable(path))
        return {}
    except InputError as error:
        report.reject("metadata", str(error).removeprefix(f"{printable(path)}: "), path=printable(path))
        return {}
    if column or not isinstance(value, dict):
        return {column or "json": value}
    return {f"json_{key}" if key in taken or key in _RESERVED else key: one for key, one in value.items()}


def _column(path: str) -> str:
    """Which column a file is, by what stands between the first dot and the last: none for the keys of ``a.json``."""
    name, _, kind = _member(path).rpartition("/")[2].split(".", 1)[1].lower().rpartition(".")
    plain = name.replace(".", "_") or ("" if kind == "json" else _NAMES.get(kind, kind))
    return f"{kind}_{plain}" if plain in _RESERVED else plain


def _id(sample: str, id_from: str) -> str:
    below = posixpath.normpath(_member(sample))
    return posixpath.basename(below) if id_from == "name" else below


def _archive(path: str) -> str:
    return (split_member(path) or ("", ""))[0]


def _member(path: str) -> str:
    return (split_member(path) or ("", path))[1]

"""The parts of what a name stands for: a file, a pipe, a table at hand, a folder of tables, a pattern."""

import os
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli.runtime.report import Report
from visrec_cli.tables.parts import Part
from visrec_cli.tables.sources import Tabular, is_path, name_of, text_size
from visrec_cli.tables.table_folders import are_files, listing_of
from visrec_cli.tables.table_layouts import clip_parts, hive_columns, lenskit_part, with_constants

Opened = Callable[..., pa.RecordBatchReader]


def parts_of(source: Tabular, role: str | None, opened: Opened, report: Report) -> list[Part]:
    """The parts of a table, in the order of their rows. opened(file, as_text): a reader of one of them."""
    if not is_path(source) or str(source) == "-" or not are_files(source):
        if not is_path(source):
            return [Part(name_of(source), partial(opened, source), once=isinstance(source, pa.RecordBatchReader))]
        path = Path(os.fspath(source))
        once = str(source) == "-" or (path.exists() and not path.is_file())
        return [Part(name_of(source), partial(opened, source), None if once else text_size(path), once)]
    listing = listing_of(source, role, report)
    if listing.layout == "lenskit":
        return [lenskit_part(listing.files[0], role, opened)]
    if listing.layout == "clip-retrieval":
        return clip_parts(listing.files, opened)
    constants = hive_columns(listing.root, listing.files)
    return [
        Part(file, partial(_with_columns, opened, file, columns), text_size(file))
        for file, columns in zip(listing.files, constants, strict=True)
    ]


def _with_columns(opened: Opened, file: str, columns: dict[str, Any], as_text: Collection[str]) -> pa.RecordBatchReader:
    return with_constants(opened(file, as_text), columns)

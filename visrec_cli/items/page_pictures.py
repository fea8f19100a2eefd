"""The pictures of a page: found beside their rows, each read once, as thumbnails."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from PIL import Image

from visrec_cli.errors import InputError, UsageError
from visrec_cli.images.decoder import decoded
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.images.sources import PictureError
from visrec_cli.items.pictures import PictureColumns, PictureSource, where_to_look
from visrec_cli.reports.thumbnails import SIDE, Thumbnail, thumbnail
from visrec_cli.runtime.report import Report

Made = TypeVar("Made")
Locate = Callable[[pa.RecordBatch], Iterable[PictureSource]]


def pictures_of(schema: pa.Schema, column: str | None, folder: Path | None) -> Locate:
    """A function from a batch to the place of each row's picture; "no picture" where the table has none at all."""
    try:
        return PictureColumns(schema, column=column, folder=folder).rows
    except (InputError, UsageError):
        return lambda batch: [PictureSource(None, None, None)] * batch.num_rows


def thumbnails_of(sources: Sequence[PictureSource], report: Report) -> list[Thumbnail | None]:
    """A thumbnail for each place, each picture read once; what cannot be read is a reject and shown as a frame."""
    once = {(source.data, source.path): source for source in sources}
    report.expect(len(once), "thumbnails")
    made: dict[tuple[bytes | None, str | None], Thumbnail | None] = {}
    for (key, source), result in zip(once.items(), made_of(once.values(), thumbnail, SIDE), strict=True):
        report.advance()
        if isinstance(result, str):
            report.reject("show", result, path=source.path, item_id=source.item_id)
        made[key] = result if isinstance(result, Thumbnail) else None
    if not any(made.values()) and (fix := where_to_look(report.rejects)):
        report.warn(fix)
    return [made[source.data, source.path] for source in sources]


def made_of(
    sources: Iterable[PictureSource], make: Callable[[Image.Image, int], Made], side: int
) -> Iterator[Made | str | None]:
    """``make(picture, side)`` in order, or why a picture that is named cannot be had, or None where none is named."""

    def attempt(source: PictureSource) -> Made | str | None:
        if source.nothing or source.refusal:
            return None if source.nothing else source.refusal
        try:
            with decoded(source.data or str(source.path), at_least=(side, side)) as picture:
                return make(picture, side)
        except PictureError as error:
            return str(error)

    return ordered_map(attempt, sources)

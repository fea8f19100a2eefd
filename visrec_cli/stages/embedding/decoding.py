"""Decoding the pictures of a table in threads, ahead of whoever works on them, order kept, memory bounded."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from visrec_cli.images.decode import PictureError, load_picture
from visrec_cli.images.parallel import ordered_map
from visrec_cli.stages.pictures import PictureColumns, PictureSource
from visrec_cli.tables.batches import even

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")


@dataclass(frozen=True)
class Unusable:
    """A row without a picture, or with one that cannot be opened, and why."""

    source: PictureSource
    reason: str


def decoded(
    reader: pa.RecordBatchReader,
    pictures: PictureColumns,
    prepare: "Callable[[Image], T]",
    *,
    rows: int,
    workers: int | None = None,
) -> Iterator[tuple[pa.RecordBatch, list[T | Unusable]]]:
    """Batches of ``rows`` rows, each with ``prepare(picture)`` or Unusable for every row.

    While the caller works on one batch, threads decode the next two.
    """
    waiting: deque[pa.RecordBatch] = deque()

    def sources() -> Iterator[PictureSource]:
        for batch in even(reader, rows):
            waiting.append(batch)
            yield from pictures.rows(batch)

    def attempt(source: PictureSource) -> T | Unusable:
        if source.refusal:
            return Unusable(source, source.refusal)
        try:
            return prepare(load_picture(source.data if source.data is not None else str(source.path)))
        except PictureError as error:
            return Unusable(source, str(error))

    results: list[T | Unusable] = []
    for result in ordered_map(attempt, sources(), workers=workers, ahead=2 * rows):
        results.append(result)
        if len(results) == waiting[0].num_rows:
            yield waiting.popleft(), results
            results = []

"""Encoding of pictures in batches, and their results: columns, counts, cache entries."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa

from visrec_cli.embedding.added_columns import while_memory_lasts
from visrec_cli.embedding.cache_lookup import Result
from visrec_cli.embedding.prefetch import Read
from visrec_cli.encoders.base import ImageEncoder, Label, Prepared
from visrec_cli.images.ordered_map import ordered_map
from visrec_cli.items.pictures import count_colours
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.versions import version_of
from visrec_cli.tables.vectors import column_of

B = TypeVar("B")
AT_ONCE = 128
"""Rows between two commits of the cache, for a model that takes one picture at a time."""
LABELS = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))


class Work:
    """Computes results with a model, in batches that its device can hold.

    Parameters
    ----------
    model : ImageEncoder
        The encoder.
    labels : int
        Number of classes per picture; 0 for none.
    size : int
        Batch size to start with.
    report : Report
        Where a smaller batch size is recorded.
    """

    def __init__(self, model: ImageEncoder, labels: int, size: int, report: Report) -> None:
        self._model, self._labels, self._size, self._report = model, labels, size, report

    def compute(self, prepared: list[Prepared]) -> list[Result]:
        """Results of prepared pictures, in their order."""
        results, self._size = while_memory_lasts(lambda size: self._in_parts(prepared, size), self._size, self._report)
        return results

    def finished(self, batches: Iterator[tuple[B, list[Read]]]) -> Iterator[tuple[B, list[Read]]]:
        """Compute the results of batches; several batches are in flight if the device benefits from it.

        Parameters
        ----------
        batches : Iterator[tuple[B, list[Read]]]
            Batches, each with what was read for its rows.

        Returns
        -------
        Iterator[tuple[B, list[Read]]]
            The same, with results instead of prepared pictures.
        """
        if self._model.in_flight == 1:
            return map(self._finish, batches)
        return ordered_map(self._finish, batches, threads=self._model.in_flight, ahead=self._model.in_flight)

    def _finish(self, pair: tuple[B, list[Read]]) -> tuple[B, list[Read]]:
        batch, reads = pair
        prepared = [read.prepared for read in reads if read.prepared is not None]
        if not prepared:
            return pair
        results = iter(self.compute(prepared))
        return batch, [read if read.prepared is None else read.with_result(next(results)) for read in reads]

    def _in_parts(self, prepared: list[Prepared], size: int) -> list[Result]:
        results: list[Result] = []
        for start in range(0, len(prepared), size):
            part = prepared[start : start + size]
            if self._labels:
                vectors, classes = self._model.recognise(part, self._labels)
                results += [Result(vector, tuple(names)) for vector, names in zip(vectors, classes, strict=True)]
            else:
                results += [Result(vector) for vector in self._model.encode(part)]
        return results


def variety(labels: int) -> str:
    """Everything beside the encoder that determines a result: the decoder, and the number of classes."""
    return f" pillow {version_of('pillow')}{f' labels={labels}' if labels else ''}"


def new_entries(reads: list[Read]) -> tuple[dict[bytes, Result], list[tuple[Stamp, bytes]]]:
    """Cache entries of a batch: new results by digest, and the files that were read."""
    new = {one.digest: one.result for one in reads if one.fresh and one.digest and one.result}
    files = [
        (one.wanted.stamp, one.digest) for one in reads if one.digest and one.result and one.wanted and one.wanted.stamp
    ]
    return new, files


def tell(reads: list[Read], report: Report) -> None:
    """Count usable pictures, and record the others as rejected."""
    for one in reads:
        if one.source.nothing:  # known since the pictures were joined: a gap, and no failure of this stage
            report.count("items without a picture")
        elif one.refused:
            report.reject("embed-images", one.refused, path=one.source.path, item_id=one.source.item_id)
    report.count("pictures", sum(one.result is not None for one in reads))
    count_colours([one.result.colour for one in reads if one.result], report)
    report.count("vectors from the cache", sum(one.result is not None and one.was_kept for one in reads))


def of_rows(results: list[Result | None], pictures: list[int], normalised: bool, report: Report) -> list[Result | None]:
    """The result of each row, which has so many pictures: of several usable ones their mean, in the same space."""
    if len(pictures) == len(results):
        return results
    rows: list[Result | None] = []
    start = 0
    for number in pictures:
        usable = [one for one in results[start : start + number] if one is not None]
        start += number
        if len(usable) > 1:
            report.count("items of several pictures")
            rows.append(_mean(usable, normalised))
        else:
            rows.append(usable[0] if usable else None)
    return rows


def _mean(results: list[Result], normalised: bool) -> Result:
    mean = np.stack([one.vector for one in results]).mean(axis=0, dtype=np.float64)
    if normalised and (length := float(np.linalg.norm(mean))) > 0:
        mean /= length
    scores: dict[str, float] = {}
    for one in results:
        for label in one.labels:
            scores[label.label] = scores.get(label.label, 0.0) + label.score / len(results)
    likeliest = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[: max(len(one.labels) for one in results)]
    return Result(mean.astype(np.float32), tuple(Label(*pair) for pair in likeliest))


def vector_column(results: list[Result | None], dimension: int, *, half: bool) -> pa.Array:
    """The vectors as a column, by row; null where there is no result."""
    full = np.zeros((len(results), dimension), np.float32)
    for row, result in enumerate(results):
        if result is not None:
            full[row] = result.vector
    return column_of(full, np.array([result is not None for result in results], bool), half=half)


def label_column(results: list[Result | None]) -> pa.Array:
    """The classes of each row; null where there is no result."""
    return pa.array([result and [one._asdict() for one in result.labels] for result in results], LABELS)

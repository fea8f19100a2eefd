"""``embed-images``: a vector for the picture of every row, and optionally its classes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from visrec_cli.embedding.added_columns import is_pipe, put_columns, with_columns
from visrec_cli.embedding.cache_lookup import CacheLookup
from visrec_cli.embedding.encoding_run import (
    AT_ONCE,
    LABELS,
    Work,
    label_column,
    new_entries,
    of_rows,
    tell,
    variety,
    vector_column,
)
from visrec_cli.embedding.prefetch import PictureRows, Read, read_pictures
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.pictures import PictureColumns, picture_columns, where_to_look
from visrec_cli.items.rows_of_items import list_name
from visrec_cli.items.source import open_items
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.embed_images import ImageEmbeddingOptions
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.threads import usable_cores
from visrec_cli.tables.readers import Tabular

if TYPE_CHECKING:
    from visrec_cli.embedding.cost_estimate import Estimate


@takes(ImageEmbeddingOptions)
def embed_images(
    source: Tabular, options: ImageEmbeddingOptions | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Add ``image_embedding`` (and with ``labels=k`` the column ``labels``) to a table or a folder of pictures.

    A row whose picture is missing stays, with null, and is counted; one whose picture is broken stays likewise and is
    rejected with the reason. Streams: memory does not grow with the number of pictures. Vectors are kept, by content:
    the next run computes what is new, and reads no file that has not changed. On a CPU a vector depends on its picture
    alone; in torch on its batch too, in the last digits (cosine above 0.99999).

    Parameters
    ----------
    source : Tabular
        A table with pictures or their paths, a folder, or an archive.
    options : ImageEmbeddingOptions | None, default=None
        Which encoder, and how; or its fields by name.
    report : Report | None, default=None
        Counts, rejects and warnings.
    **named : Any
        Fields of the options.

    Returns
    -------
    pa.RecordBatchReader
        All columns of the source, with the vectors as fixed-size lists of float32 or float16.

    Raises
    ------
    InputError
        When no picture could be used.
    UsageError
        For an unknown encoder, or one without classes when labels are asked for.
    UnavailableError
        When the weights of the encoder cannot be had.
    """
    report, options = report or Report(), options_of(ImageEmbeddingOptions, options, named)
    job = _job(source, options, report)
    model, lookup, into, half = job.model, job.lookup, options.into, options.half
    added = [model.space.field(into, half=half)] + ([pa.field("labels", LABELS)] if options.labels else [])
    schema = with_columns(job.reader.schema, added)

    def batches() -> Iterator[pa.RecordBatch]:
        tried, used = 0, 0
        try:
            for rows, reads in job.work.finished(job.read()):
                lookup.keep(*new_entries(reads))
                tell(reads, report)
                results = of_rows([one.result for one in reads], rows.pictures, model.space.normalised, report)
                columns = {into: vector_column(results, model.dimension, half=half)}
                if options.labels:
                    columns["labels"] = label_column(results)
                yield put_columns(rows.batch, schema, columns)
                tried, used = tried + len(reads), used + sum(result is not None for result in results)
                report.advance(len(results))
        finally:
            lookup.close()
        if tried and not used:
            raise _all_failed(report)

    return pa.RecordBatchReader.from_batches(schema, batches())


@takes(ImageEmbeddingOptions)
def estimate_images(
    source: Tabular, options: ImageEmbeddingOptions | None = None, *, report: Report | None = None, **named: Any
) -> "Estimate":
    """Estimate what embed_images would cost with the same options, from a sample of the pictures.

    The whole table is read, of the pictures only the sample; nothing is written.

    Parameters
    ----------
    source : Tabular
        As for embed_images.
    options : ImageEmbeddingOptions | None, default=None
        As for embed_images.
    report : Report | None, default=None
        Counts, rejects and warnings.
    **named : Any
        Fields of the options.

    Returns
    -------
    Estimate
        Time (seconds), memory and disk (bytes).

    Raises
    ------
    InputError, UsageError, UnavailableError
        As embed_images does.
    """
    job = _job(source, options_of(ImageEmbeddingOptions, options, named), report or Report())
    from visrec_cli.embedding.cost_estimate import estimate

    try:
        return estimate(job.reader, job.pictures, job.model, job.lookup, job.work, job.threads)
    finally:
        job.lookup.close()


@dataclass(frozen=True)
class _Job:
    """All that is opened for one run. rows: of a batch."""

    reader: pa.RecordBatchReader
    pictures: PictureColumns
    model: ImageEncoder
    lookup: CacheLookup
    work: Work
    rows: int
    threads: int

    def read(self) -> Iterator[tuple[PictureRows, list[Read]]]:
        """See read_pictures."""
        return read_pictures(
            self.reader, self.pictures, self.model, self.lookup, self.work.compute, rows=self.rows, threads=self.threads
        )


def _job(source: Tabular, options: ImageEmbeddingOptions, report: Report) -> _Job:
    labels, batch_size, threads = options.labels, options.batch_size, options.threads
    if labels < 0 or (batch_size is not None and batch_size < 1):
        raise UsageError("the number of labels must be 0 or more, the batch size 1 or more")

    def opened() -> ImageEncoder:
        if not isinstance(options.encoder, str):
            return cast("ImageEncoder", options.encoder)
        return open_image_encoder(
            options.encoder,
            device=options.device,
            normalise=options.normalise,
            precise=options.precise,
            engine=options.engine,
            threads=threads,
            profiles=not options.ignore_profiles,
        )

    early = opened() if is_pipe(source) else None
    reader = open_items(
        source, id_column=options.id_column, ids=options.ids, row_ids=options.row_ids, report=report,
        several=options.several_pictures, image_column=options.image_column,
    )  # fmt: skip
    column = list_name(options.image_column) if options.several_pictures else options.image_column
    pictures = picture_columns(reader.schema, source, column)
    model = early or opened()
    if labels:
        model.require_classes()
    rows = batch_size or (AT_ONCE if model.alone else model.batch_size)
    lookup = CacheLookup(model, options.cache, report, variety=variety(labels))
    return _Job(reader, pictures, model, lookup, Work(model, labels, rows, report), rows, threads or usable_cores())


def _all_failed(report: Report) -> InputError:
    rejected = [one for one in report.rejects if one.stage == "embed-images"]
    if not rejected:
        return InputError(
            "no item has a picture", fix="join the pictures first: visrec preprocess ./imgs --items TABLE"
        )
    return InputError(
        f"no picture could be used, the first ({rejected[0].path or rejected[0].item_id}): {rejected[0].reason}",
        fix=where_to_look(rejected) or "--rejects FILE lists them with their reasons",
    )

"""``embed-images``: a vector for the picture of every row, and optionally its classes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from visrec_cli.embedding.added_columns import is_pipe, put_columns, with_columns
from visrec_cli.embedding.cache_lookup import Cache, CacheLookup
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
from visrec_cli.embedding.prefetch import Read, Rows, read_pictures
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.pictures import PictureColumns, picture_columns, where_to_look
from visrec_cli.items.source import open_items
from visrec_cli.registry import IMAGE_ENCODER
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.threads import usable_cores
from visrec_cli.tables.readers import Tabular

if TYPE_CHECKING:
    from visrec_cli.embedding.cost_estimate import Estimate


def embed_images(
    source: Tabular,
    *,
    encoder: str | ImageEncoder = IMAGE_ENCODER,
    into: str = "image_embedding",
    labels: int = 0,
    normalise: bool = True,
    half: bool = False,
    batch_size: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    precise: bool = False,
    engine: str = "auto",
    ignore_profiles: bool = False,
    cache: Cache = True,
    image_column: str | None = None,
    id_column: str | None = None,
    ids: str | None = None,
    row_ids: bool = False,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """Add ``image_embedding`` (and with ``labels=k`` the column ``labels``) to a table or a folder of pictures.

    A row whose picture is missing stays, with null, and is counted; one whose picture is broken stays likewise and is
    rejected with the reason. Streams: memory does not grow with the number of pictures. Vectors are kept, by content:
    the next run computes what is new, and reads no file that has not changed. On a CPU a vector depends on its picture
    alone; in torch on its batch too, in the last digits (cosine above 0.99999).

    encoder: a spec, or an encoder that is already open (then normalise, device, engine and precise are its own).
    batch_size: of models in torch; by default what suits the encoder and the device. half: store float16. threads:
    how many decode, and compute where the encoder works picture by picture; by default one for each usable core.
    precise: pictures decoded whole, plain torch in full precision: another space than the default's. engine: see
    encoders.compiled.engines. ignore_profiles: colours as they are, as the first release took them: another space too.
    cache: True, False, or the folder for it. ids, row_ids: of an NPY file of pictures (see tables.npy).
    Raises InputError when no picture could be used, UsageError for an unknown encoder or one without classes when
    labels are asked for, UnavailableError when its weights cannot be had.
    """
    report = report or Report()
    job = _job(
        source, encoder, labels, normalise, batch_size, device, threads, precise, engine, ignore_profiles, cache,
        image_column, id_column, {"ids": ids, "row_ids": row_ids}, report,
    )  # fmt: skip
    model, lookup = job.model, job.lookup
    added = [model.space.field(into, half=half)] + ([pa.field("labels", LABELS)] if labels else [])
    schema = with_columns(job.reader.schema, added)

    def batches() -> Iterator[pa.RecordBatch]:
        tried, used = 0, 0
        try:
            for rows, reads in job.work.finished(job.read()):
                lookup.keep(*new_entries(reads))
                tell(reads, report)
                results = of_rows([one.result for one in reads], rows.pictures, model.space.normalised, report)
                columns = {into: vector_column(results, model.dimension, half=half)}
                if labels:
                    columns["labels"] = label_column(results)
                yield put_columns(rows.batch, schema, columns)
                tried, used = tried + len(reads), used + sum(result is not None for result in results)
                report.advance(len(results))
        finally:
            lookup.close()
        if tried and not used:
            raise _all_failed(report)

    return pa.RecordBatchReader.from_batches(schema, batches())


def estimate_images(
    source: Tabular,
    *,
    encoder: str | ImageEncoder = IMAGE_ENCODER,
    labels: int = 0,
    normalise: bool = True,
    batch_size: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    precise: bool = False,
    engine: str = "auto",
    ignore_profiles: bool = False,
    cache: Cache = True,
    image_column: str | None = None,
    id_column: str | None = None,
    ids: str | None = None,
    row_ids: bool = False,
    report: Report | None = None,
) -> "Estimate":
    """What embed_images would cost with the same options: time, memory and disk, from a sample of the pictures.

    The whole table is read, of the pictures only the sample; nothing is written. Raises as embed_images does.
    """
    job = _job(
        source, encoder, labels, normalise, batch_size, device, threads, precise, engine, ignore_profiles, cache,
        image_column, id_column, {"ids": ids, "row_ids": row_ids}, report or Report(),
    )  # fmt: skip
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

    def read(self) -> Iterator[tuple[Rows, list[Read]]]:
        """See read_pictures."""
        return read_pictures(
            self.reader, self.pictures, self.model, self.lookup, self.work.compute, rows=self.rows, threads=self.threads
        )


def _job(
    source: Tabular, encoder: str | ImageEncoder, labels: int, normalise: bool, batch_size: int | None, device: str,
    threads: int | None, precise: bool, engine: str, ignore_profiles: bool, cache: Cache, image_column: str | None,
    id_column: str | None, npy: dict[str, Any], report: Report,
) -> _Job:  # fmt: skip
    if labels < 0 or (batch_size is not None and batch_size < 1):
        raise UsageError("the number of labels must be 0 or more, the batch size 1 or more")

    def opened() -> ImageEncoder:
        if not isinstance(encoder, str):
            return encoder
        return open_image_encoder(
            encoder,
            device=device,
            normalise=normalise,
            precise=precise,
            engine=engine,
            threads=threads,
            profiles=not ignore_profiles,
        )

    early = opened() if is_pipe(source) else None
    reader = open_items(source, id_column=id_column, report=report, **npy)
    pictures = picture_columns(reader.schema, source, image_column)
    model = early or opened()
    if labels:
        model.require_classes()
    rows = batch_size or (AT_ONCE if model.alone else model.batch_size)
    lookup = CacheLookup(model, cache, report, variety=variety(labels))
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

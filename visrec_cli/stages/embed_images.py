"""``embed-images``: a vector, and if asked the recognised classes, for the picture of every row."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from visrec_cli.encoders.base import ImageEncoder, Label, Prepared, Vectors
from visrec_cli.encoders.opening import open_image_encoder
from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.embedding.decoding import Unusable, decoded
from visrec_cli.stages.embedding.growing import is_pipe, put_columns, while_memory_lasts, with_columns
from visrec_cli.stages.items import open_items
from visrec_cli.stages.pictures import PictureColumns
from visrec_cli.tables.columns import column_of
from visrec_cli.tables.reading import Tabular, is_path

LABELS = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))
Classes = list[list[Label]]


def embed_images(
    source: Tabular,
    *,
    encoder: str | ImageEncoder = "lite0",
    into: str = "image_embedding",
    labels: int = 0,
    normalise: bool = True,
    half: bool = False,
    batch_size: int | None = None,
    device: str = "auto",
    workers: int | None = None,
    precise: bool = False,
    image_column: str | None = None,
    id_column: str | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """Add ``image_embedding`` (and with ``labels=k`` the column ``labels``) to a table or a folder of pictures.

    A row whose picture is missing stays, with null, and is counted; one whose picture is broken stays likewise and is
    rejected with the reason. Streams: memory does not grow with the number of pictures. A vector depends on the batch
    it was computed in only in the last digits (cosine above 0.99999).

    encoder: a spec, or an encoder that is already open (then normalise, device and precise are its own). batch_size:
    by default what suits the encoder and the device. half: store float16. workers: decoding threads. precise: no
    half-precision arithmetic, also on a GPU.
    Raises InputError when no picture could be used, UsageProblem for an unknown encoder or one without classes when
    labels are asked for, UnavailableError when its weights cannot be had.
    """
    report = report or Report()
    if labels < 0 or (batch_size is not None and batch_size < 1):
        raise UsageProblem("the number of labels must be 0 or more, the batch size 1 or more")

    def opened() -> ImageEncoder:
        if not isinstance(encoder, str):
            return encoder
        return open_image_encoder(encoder, device=device, normalise=normalise, precise=precise)

    early = opened() if is_pipe(source) else None
    reader = open_items(source, id_column=id_column, report=report)
    pictures = PictureColumns(reader.schema, column=image_column, folder=_folder_of(source))
    model = early or opened()
    if labels:
        model.require_classes()
    added = [model.space.field(into, half=half)] + ([pa.field("labels", LABELS)] if labels else [])
    schema = with_columns(reader.schema, added)

    def batches() -> Iterator[pa.RecordBatch]:
        rows = batch_size or model.batch_size
        size, tried, used = rows, 0, 0
        for batch, results in decoded(reader, pictures, model.prepare, rows=rows, workers=workers):
            usable = [result for result in results if not isinstance(result, Unusable)]
            refused = [result for result in results if isinstance(result, Unusable)]
            (vectors, classes), size = _encode(model, usable, labels, size, report)
            for one in refused:
                if one.source.nothing:  # known since the pictures were joined: a gap, and no failure of this stage
                    report.count("items without a picture")
                else:
                    report.reject("embed-images", one.reason, path=one.source.path, item_id=one.source.item_id)
            valid = np.array([not isinstance(result, Unusable) for result in results])
            columns = {into: column_of(_spread(vectors, valid), valid, half=half)}
            if labels:
                columns["labels"] = _label_column(classes, valid)
            yield put_columns(batch, schema, columns)
            tried, used = tried + len(results), used + len(usable)
            report.count("pictures", len(usable))
            report.advance(len(results))
        if tried and not used:
            raise _all_failed(report)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _encode(
    model: ImageEncoder, prepared: list[Prepared], labels: int, size: int, report: Report
) -> tuple[tuple[Vectors, Classes], int]:
    """Vectors and classes of all, in parts of ``size``, and the size that the device could hold."""

    def work(size: int) -> tuple[Vectors, Classes]:
        parts = [prepared[start : start + size] for start in range(0, len(prepared), size)]
        if labels:
            pairs = [model.recognise(part, labels) for part in parts]
            return _stacked([vectors for vectors, _ in pairs], model), [one for _, names in pairs for one in names]
        return _stacked([model.encode(part) for part in parts], model), []

    return while_memory_lasts(work, size, report)


def _stacked(parts: list[Vectors], model: ImageEncoder) -> Vectors:
    return np.concatenate(parts) if parts else np.zeros((0, model.dimension), np.float32)


def _spread(vectors: Vectors, valid: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Vectors:
    """The vectors on their rows, zeros elsewhere: no row can get its neighbour's."""
    full = np.zeros((len(valid), vectors.shape[1]), np.float32)
    full[valid] = vectors
    return full


def _label_column(classes: Classes, valid: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> pa.Array:
    remaining = iter(classes)
    rows = [[one._asdict() for one in next(remaining)] if ok else None for ok in valid]
    return pa.array(rows, LABELS)


def _folder_of(source: Tabular) -> Path | None:
    """Where a table's file lies, for paths that are written relative to it."""
    return Path(str(source)).parent if is_path(source) and Path(str(source)).is_file() else None


def _all_failed(report: Report) -> InputError:
    ours = [one for one in report.rejects if one.stage == "embed-images"]
    if not ours:
        return InputError(
            "no item has a picture", fix="join the pictures first: visrec preprocess ./imgs --items TABLE"
        )
    lost = ours[0].reason.startswith("no such file")
    return InputError(
        f"no picture could be used, the first ({ours[0].path or ours[0].item_id}): {ours[0].reason}",
        fix="run it in the folder that the paths count from"
        if lost
        else "--rejects FILE lists them with their reasons",
    )

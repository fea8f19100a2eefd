"""``embed-text``: a vector for the text of every row, from one or several columns."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from visrec_cli.embedding.added_columns import is_pipe, put_columns, with_columns
from visrec_cli.embedding.cache_lookup import Cache, CacheLookup
from visrec_cli.embedding.text_columns import TextColumns
from visrec_cli.embedding.text_run import TextWork
from visrec_cli.encoders.base import TextEncoder
from visrec_cli.encoders.factory import open_text_encoder
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.source import open_items
from visrec_cli.registry import TEXT_ENCODER
from visrec_cli.runtime.report import Report
from visrec_cli.tables.batches import even
from visrec_cli.tables.readers import Tabular
from visrec_cli.tables.vectors import column_of

WINDOW = 16  # batches that are sorted by length together: short texts need not wait beside long ones


def embed_text(
    source: Tabular,
    *,
    columns: str | Sequence[str] = (),
    template: str | None = None,
    prefix: str = "",
    encoder: str | TextEncoder = TEXT_ENCODER,
    into: str = "text_embedding",
    normalise: bool = True,
    half: bool = False,
    batch_size: int = 32,
    device: str = "auto",
    precise: bool = False,
    engine: str = "auto",
    threads: int | None = None,
    cache: Cache = True,
    id_column: str | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """Add ``text_embedding`` to a table. A row whose text is missing or blank stays, with null; blanks are rejects.

    columns: a name or several, joined by ". " in this order, missing ones left out; by default the usual text
    columns that are there.
    template: instead, such as ``"{title} by {brand}"``. prefix: put before each text, for models that want one
    before documents ("passage: "). encoder: a spec, or an encoder that is already open. half: store float16. engine,
    threads, cache: as for embed_images; a text is computed once, whatever row or table it is in.
    Texts over the encoder's limit are cut, and counted. Raises UsageError for unknown columns, InputError when
    no row has any text, UnavailableError when the weights cannot be had.
    """
    report = report or Report()
    if batch_size < 1:
        raise UsageError("the batch size must be 1 or more")

    def opened() -> TextEncoder:
        if not isinstance(encoder, str):
            return encoder
        return open_text_encoder(
            encoder, device=device, normalise=normalise, precise=precise, engine=engine, threads=threads
        )

    early = opened() if is_pipe(source) else None
    reader = open_items(source, id_column=id_column, report=report)
    texts_of = TextColumns(reader.schema, columns=columns, template=template)
    if texts_of.guessed:
        report.warn(f"text from {', '.join(texts_of.columns)}: choose with --columns")
    model = early or opened()
    schema = with_columns(reader.schema, [model.space.field(into, half=half)])
    report.expect(None, "texts")

    def batches() -> Iterator[pa.RecordBatch]:
        rows, used = 0, 0
        lookup = CacheLookup(model, cache, report)
        work = TextWork(model, lookup, batch_size, report)
        try:
            for batch in even(reader, batch_size * WINDOW):
                texts = texts_of.rows(batch)
                valid = np.array([bool(text) for text in texts], bool)
                vectors = np.zeros((batch.num_rows, model.dimension), np.float32)
                if valid.any():
                    vectors[valid] = work.vectors([prefix + text for text in texts if text])
                yield put_columns(batch, schema, {into: column_of(vectors, valid, half=half)})
                rows, used = rows + len(texts), used + int(valid.sum())
                for row in texts_of.blank(batch, texts):
                    report.reject("embed-text", "the text is blank", item_id=batch.column("item_id")[row].as_py())
                report.count("texts", int(valid.sum()))
                report.count("items without text", int((~valid).sum()))
                report.advance(len(texts))
        finally:
            lookup.close()
        if rows and not used:
            raise InputError(
                f"none of the {rows:,} items has any text in {', '.join(texts_of.columns)}",
                fix="name other columns with --columns",
            )

    return pa.RecordBatchReader.from_batches(schema, batches())

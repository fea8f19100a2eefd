"""``embed-text``: a vector for the text of every row, from one or several columns."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pyarrow as pa

from visrec_cli.embedding.added_columns import is_pipe, put_columns, with_columns
from visrec_cli.embedding.cache_lookup import CacheLookup
from visrec_cli.embedding.text_columns import TextColumns
from visrec_cli.embedding.text_run import TextWork
from visrec_cli.encoders.base import TextEncoder
from visrec_cli.encoders.factory import open_text_encoder
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.source import open_items
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.embed_text import TextEmbeddingOptions
from visrec_cli.runtime.report import Report
from visrec_cli.tables.batches import even
from visrec_cli.tables.readers import Tabular
from visrec_cli.tables.vectors import column_of

WINDOW = 16  # batches that are sorted by length together: short texts need not wait beside long ones


@takes(TextEmbeddingOptions)
def embed_text(
    source: Tabular, options: TextEmbeddingOptions | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Add ``text_embedding`` to a table. A row whose text is missing or blank stays, with null; blanks are rejects.

    A text is computed once, whatever row or table it is in. Texts over the encoder's limit are cut, and counted.

    Parameters
    ----------
    source : Tabular
        A table with columns of text.
    options : TextEmbeddingOptions | None, default=None
        Which texts, which encoder, and how; or its fields by name.
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
    UsageError
        For unknown columns, or an unknown encoder.
    InputError
        When no row has any text.
    UnavailableError
        When the weights of the encoder cannot be had.
    """
    report, options = report or Report(), options_of(TextEmbeddingOptions, options, named)
    batch_size, prefix, into, half = options.batch_size, options.prefix, options.into, options.half
    if batch_size < 1:
        raise UsageError("the batch size must be 1 or more")

    def opened() -> TextEncoder:
        if not isinstance(options.encoder, str):
            return cast("TextEncoder", options.encoder)
        return open_text_encoder(
            options.encoder,
            device=options.device,
            normalise=options.normalise,
            precise=options.precise,
            engine=options.engine,
            threads=options.threads,
        )

    early = opened() if is_pipe(source) else None
    reader = open_items(source, id_column=options.id_column, report=report)
    texts_of = TextColumns(reader.schema, columns=options.columns, template=options.template)
    if texts_of.guessed:
        report.warn(f"text from {', '.join(texts_of.columns)}: choose with --columns")
    model = early or opened()
    schema = with_columns(reader.schema, [model.space.field(into, half=half)])
    report.expect(None, "texts")

    def batches() -> Iterator[pa.RecordBatch]:
        rows, used = 0, 0
        lookup = CacheLookup(model, options.cache, report)
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

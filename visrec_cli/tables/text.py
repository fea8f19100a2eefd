"""CSV, TSV, NDJSON and files of TREC in. Ids stay text: ``007`` and ``7`` are two items."""

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.csv_dialect import with_line_feeds
from visrec_cli.tables.csv_text import read_csv
from visrec_cli.tables.json_text import read_json
from visrec_cli.tables.text_codec import in_utf8
from visrec_cli.tables.text_schema import with_note
from visrec_cli.tables.trec import read_trec
from visrec_cli.tables.types import plain_batch, plain_schema


def read_text(
    data: bytes,
    where: str,
    *,
    as_text: Collection[str] = (),
    names: Sequence[str] = (),
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """A table from text: NDJSON or a JSON array when it starts with a brace or bracket, a file of TREC, else CSV with
    a header.

    as_text: columns that stay text besides those that are called like ids. names: of the columns of a CSV without a
    header. See csv_dialect for the delimiter and what may stand above the header, csv_quotes for quotes. Raises
    InputError on bytes that are no text, on rows of another width (naming the line) and on an empty table. NDJSON of
    a model has its types and its note again (see tables.text_schema).
    """
    report = report or Report()
    text = with_line_feeds(in_utf8(data, where))
    found = None if names else read_trec(text, where, report)
    if found is not None:
        return _reader(found, where)
    if text[:4096].lstrip()[:1] in (b"{", b"["):
        if names:
            raise UsageError(f"--no-header needs a log as CSV or TSV, and {where} is JSON", fix="leave out --no-header")
        frame = read_json(text, where)
    else:
        frame = read_csv(text, where, report, as_text=as_text, names=names)
    if frame.width == 0:
        raise InputError(f"{where} has no columns", fix="expected a header line such as item_id,title")
    return _reader(frame, where)


def _reader(frame: pl.DataFrame, where: str) -> pa.RecordBatchReader:
    for name, kind in frame.schema.items():
        if _has_zero(name, kind):  # polars panics when it hands such a name on
            raise InputError(f"{where}: the name of column {name!r}, or of a field in it, has a zero character in it")
    table = with_note(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), where)
    schema = plain_schema(table.schema).remove_metadata()
    batches: Any = (plain_batch(batch, schema) for batch in table.to_batches(max_chunksize=8192))
    return pa.RecordBatchReader.from_batches(schema, batches)


def _has_zero(name: str, kind: pl.DataType) -> bool:
    if isinstance(kind, pl.Struct):
        return "\0" in name or any(_has_zero(field.name, field.dtype) for field in kind.fields)  # type: ignore[arg-type]
    inner = kind.inner if isinstance(kind, pl.List) else None
    return "\0" in name if inner is None else _has_zero(name, inner)  # type: ignore[arg-type]

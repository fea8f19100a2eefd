"""CSV, TSV, NDJSON and files of TREC in. Ids stay text: ``007`` and ``7`` are two items."""

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.runtime.reporting import Report
from visrec_cli.tables.csv_text import read_csv
from visrec_cli.tables.json_text import read_json
from visrec_cli.tables.text_schema import with_note
from visrec_cli.tables.trec import read_trec
from visrec_cli.tables.types import plain_batch, plain_schema

_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "zcat"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -dc"),
    b"BZh": ("bzip2", "bzcat"),
    b"\xfd7zXZ": ("xz", "xzcat"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -dc"),
    b"PK\x03\x04": ("zip", "unzip -p"),
}
_FOREIGN = {
    b"<!doctype html": ("a web page", "download it again: the server gave a page for the file"),
    b"<html": ("a web page", "download it again: the server gave a page for the file"),
    b"<?xml": ("XML", "write it as CSV, NDJSON or Parquet"),
    b"version https://git-lfs": ("a pointer of Git LFS, not the file itself", "git lfs pull"),
    b"%pdf-": ("a PDF", "write the table as CSV, NDJSON or Parquet"),
}
_SPREADSHEETS = (b"[Content_Types].xml", b"xl/workbook", b"mimetypeapplication/vnd.oasis")
_WIDE_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


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
    text = _utf8(data, where)
    found = None if names else read_trec(text, where)
    if found is not None:
        return _reader(found, where)
    if text[:4096].lstrip()[:1] in (b"{", b"["):
        if names:
            raise UsageProblem(
                f"--no-header needs a log as CSV or TSV, and {where} is JSON", fix="leave out --no-header"
            )
        frame = read_json(text, where)
    else:
        frame = read_csv(text, where, report, as_text=as_text, names=names)
    if frame.width == 0:
        raise InputError(f"{where} has no columns", fix="expected a header line such as item_id,title")
    return _reader(frame, where)


def _utf8(data: bytes, where: str) -> bytes:
    """The text in UTF-8, without a byte order mark. Raises InputError for what is no text."""
    _refuse_compressed(data, where)
    for mark, encoding in _WIDE_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding).encode()
            except (UnicodeDecodeError, UnicodeEncodeError) as error:
                raise InputError(
                    f"{where} begins as {encoding.upper()} text and is none", fix="make the file again, in UTF-8"
                ) from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    begins = data[:512].lstrip().lower()
    for mark, (kind, fix) in _FOREIGN.items():
        if begins.startswith(mark):
            raise InputError(f"{where} is {kind}", fix=fix)
    if b"\0" in data[:65536]:
        raise InputError(
            f"{where} is no table that visrec knows (it starts with {data[:8]!r})",
            fix="Arrow, Parquet, NPY, CSV, TSV or NDJSON are read; pictures go to 'visrec preprocess'",
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{where}: line {line} is not UTF-8 text", fix=f"iconv -f latin1 -t utf-8 {where} | visrec … -"
        ) from error
    return data


def _refuse_compressed(data: bytes, where: str) -> None:
    """Raises InputError, with the line that unpacks it: here a small file could become any size in memory."""
    for mark, (kind, unpack) in _COMPRESSED.items():
        if data.startswith(mark):
            if kind == "zip" and any(name in data[:4096] for name in _SPREADSHEETS):
                raise InputError(f"{where} is a spreadsheet", fix="save it as CSV (UTF-8)")
            raise InputError(f"{where} is compressed ({kind})", fix=f"{unpack} {where} | visrec … -")


def _reader(frame: pl.DataFrame, where: str) -> pa.RecordBatchReader:
    table = with_note(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), where)
    schema = plain_schema(table.schema).remove_metadata()
    batches: Any = (plain_batch(batch, schema) for batch in table.to_batches(max_chunksize=8192))
    return pa.RecordBatchReader.from_batches(schema, batches)

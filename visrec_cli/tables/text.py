"""CSV, TSV and NDJSON in. Ids stay text: ``007`` and ``7`` are two items."""

import io
from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.tables.ids import is_id_name
from visrec_cli.tables.types import plain_batch, plain_schema

_FAILURES: tuple[type[BaseException], ...] = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    ValueError,
    OSError,
)


def read_text(
    data: bytes, where: str, *, as_text: Collection[str] = (), names: Sequence[str] = ()
) -> pa.RecordBatchReader:
    """A table from text: NDJSON or a JSON array when it starts with a brace or bracket, else CSV with a header.

    The delimiter (comma, tab, semicolon, bar, ``::``) is the most frequent one in the header. as_text: columns that
    stay text besides those that are called like ids. names: of the columns of a CSV without a header. Raises
    InputError on bytes that are no text, on rows of another width (naming the line) and on an empty table.
    """
    data = _utf8(data, where)
    start = data[:64].lstrip()[:1]
    is_json = start in (b"{", b"[")
    if is_json and names:
        raise UsageProblem(f"--no-header needs a log as CSV or TSV, and {where} is JSON", fix="leave out --no-header")
    try:
        frame = _json(data, start) if is_json else _csv(data, as_text, names)
    except _FAILURES as error:
        raise InputError(f"{where}: not a readable table ({_first_line(error)})", fix=_advice(error)) from error
    if frame.width == 0:
        raise InputError(f"{where} has no columns", fix="expected a header line such as item_id,title")
    return _reader(frame)


def _utf8(data: bytes, where: str) -> bytes:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
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


def _csv(data: bytes, as_text: Collection[str], names: Sequence[str]) -> pl.DataFrame:
    header = data.split(b"\n", 1)[0].decode().strip("\r")
    if header.count("::") > max(map(header.count, ",\t;|")):  # MovieLens 1M and 10M
        data, header = data.replace(b"::", b"\t"), header.replace("::", "\t")
    delimiter = max(",\t;|", key=header.count)
    form: dict[str, Any] = {"separator": delimiter, "has_header": not names}
    found = pl.read_csv(io.BytesIO(data), n_rows=0, **form).columns
    if names:
        extra = [f"column_{number}" for number in range(len(names) + 1, len(found) + 1)]
        form["new_columns"] = found = [*names, *extra][: len(found)]
    text = {name: pl.String for name in found if is_id_name(name) or name in as_text}
    return pl.read_csv(io.BytesIO(data), infer_schema_length=None, schema_overrides=text, **form)


def _json(data: bytes, start: bytes) -> pl.DataFrame:
    if start == b"[":
        return pl.read_json(io.BytesIO(data), infer_schema_length=None)
    return pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)


def _reader(frame: pl.DataFrame) -> pa.RecordBatchReader:
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    schema = plain_schema(table.schema).remove_metadata()
    batches: Any = (plain_batch(batch, schema) for batch in table.to_batches(max_chunksize=8192))
    return pa.RecordBatchReader.from_batches(schema, batches)


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:160] if lines else type(error).__name__


def _advice(error: BaseException) -> str:
    if "more fields" in str(error) or "truncate_ragged" in str(error):
        return "a row has more fields than the header: quote fields that hold the delimiter"
    return "expected CSV with a header line, or one JSON object per line"

"""CSV in: a text with a header, into a frame. Ids stay text, and so do whole numbers that no 64 bits hold."""

import csv
import io
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import polars as pl

from visrec_cli.errors import InputError
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.column_names import note_repeated, unique_names
from visrec_cli.tables.csv_dialect import Dialect, dialect_of, record_of
from visrec_cli.tables.csv_quotes import mend_quotes
from visrec_cli.tables.failures import polars_failures
from visrec_cli.tables.ids import is_id_name

_LONG = (pl.Int128, pl.UInt128)
_SHOWN = 60


def read_csv(
    data: bytes, where: str, report: Report, *, as_text: Collection[str] = (), names: Sequence[str] = ()
) -> pl.DataFrame:
    """The rows of a CSV. as_text: columns that stay text besides those that are called like ids. names: of the columns
    where there is no header. Raises InputError, naming the line, for a row with more fields than the header has.
    """
    dialect = dialect_of(data)
    if not dialect.data or dialect.data.isspace():
        raise InputError(f"{where} holds no rows", fix="expected a header line such as item_id,title")
    above = dialect.skipped + (0 if names else dialect.data.count(b"\n", 0, dialect.body))
    if names:
        extra = [f"column_{number}" for number in range(len(names) + 1, dialect.width + 1)]
        header = [*names, *extra][: dialect.width]
    else:
        header = unique_names(dialect.header)
        note_repeated(dialect.header, where, report)
    text, remark = _prepared(dialect, header, where, above, with_header=not names)
    if remark:
        report.warn(remark)
    rows = _Rows(text, dialect, where, above)
    frame = _read(rows, header, as_text)
    if frame.height and frame.get_column(frame.columns[-1]).null_count():
        rows.note_short(report)
    return frame


def _prepared(
    dialect: Dialect, header: list[str], where: str, above: int, *, with_header: bool
) -> tuple[bytes, str | None]:
    """The text with a header of unique names and sound quotes, and a remark; the same bytes where nothing is amiss."""
    data, mark = dialect.data, b'"'
    if data.endswith((b"\n\n", b"\n\r\n")):
        data = data.rstrip(b"\r\n") + b"\n"
    if with_header and mark not in data and header == list(dialect.header):
        return data, None
    body, remark = data[dialect.body if with_header else 0 :], None
    if mark in body:
        body, remark = mend_quotes(body, dialect.delimiter, len(header), where, above)
    return record_of(header, dialect.delimiter) + body, remark


def _read(rows: "_Rows", header: list[str], as_text: Collection[str]) -> pl.DataFrame:
    texts: dict[str, Any] = {name: pl.String for name in header if is_id_name(name) or name in as_text}
    form: dict[str, Any] = {"separator": rows.delimiter}
    try:
        frame = pl.read_csv(io.BytesIO(rows.text), infer_schema_length=None, schema_overrides=texts, **form)
        long = {name: _sixty_four_bits(frame[name]) for name in frame.columns if frame[name].dtype in _LONG}
        if long:
            frame = pl.read_csv(io.BytesIO(rows.text), infer_schema_length=None, schema_overrides=texts | long, **form)
        return frame
    except polars_failures():
        rows.refuse_long()
    try:
        frame = pl.read_csv(io.BytesIO(rows.text), infer_schema=False, **form)
        return frame.with_columns([_typed(frame[name]) for name in frame.columns if name not in texts])
    except polars_failures() as error:
        rows.refuse_returns()
        raise InputError(
            f"{rows.where} cannot be read as a table",
            fix="expected CSV with a header line, or one JSON object per line",
        ) from error


def _sixty_four_bits(column: pl.Series) -> Any:
    """What holds whole numbers beyond 2^63: unsigned ones to 2^64, else text."""
    low, high = column.min(), column.max()
    return pl.UInt64 if low is None or (int(low) >= 0 and int(high) < 1 << 64) else pl.String  # type: ignore[arg-type]


def _typed(column: pl.Series) -> pl.Series:
    """A column of text as whole numbers, or numbers, if all of it is; for what polars infers and then cannot read."""
    for kind in (pl.Int64, pl.UInt64, pl.Float64):
        try:
            whole = column.cast(kind)
        except polars_failures():
            continue
        if kind != pl.Float64 or not _digits_lost(column):
            return whole
    return column


def _digits_lost(column: pl.Series) -> bool:
    return bool(column.str.contains(r"^[+-]?\d{16,}$").any())


class _Rows:
    """The records of a prepared text, its header first. above: lines of the file above the first row."""

    def __init__(self, text: bytes, dialect: Dialect, where: str, above: int) -> None:
        self.text, self.delimiter, self.where = text, dialect.delimiter.decode(), where
        self._header, self._above = dialect.header, above

    def _each(self) -> Iterator[tuple[int, list[str]]]:
        """The line of the file in which a record begins, and its fields; blank lines are none."""
        csv.field_size_limit(1 << 30)
        reader = csv.reader(io.StringIO(self.text.decode(), newline=""), delimiter=self.delimiter)
        next(reader, None)
        first = before = reader.line_num
        for fields in reader:
            if fields:
                yield self._above + before - first + 1, fields
            before = reader.line_num

    def refuse_long(self) -> None:
        """Raises InputError for the first row with more fields than the header, if there is one."""
        width = len(self._header)
        line, fields = next(((line, fields) for line, fields in self._each() if len(fields) > width), (0, []))
        if not line:
            return
        shown, first = (self.delimiter.join(some)[:_SHOWN] for some in (fields, self._header))
        fix = "quote fields that hold the delimiter"
        if line == self._above + 1:
            below = f"tail -n +2 {shlex.quote(self.where)} | visrec … -"
            fix = f"if the header is another line, drop those above it ({below}); else {fix}"
        raise InputError(
            f"{self.where}: line {line} has {counted(len(fields), 'fields')} ({shown!r}) and the header {width} "
            f"({first!r})",
            fix=fix,
        )

    def refuse_returns(self) -> None:
        """Raises InputError for the first carriage return that stands alone, where other lines end otherwise."""
        found = re.search(rb"\r(?!\n)", self.text)
        if found:
            line = self._above + self.text.count(b"\n", self.text.find(b"\n") + 1, found.start()) + 1
            fed = f"tr '\\r' '\\n' < {shlex.quote(self.where)} | visrec … -"
            raise InputError(
                f"{self.where}: line {line} holds a carriage return, where other lines end with a line feed",
                fix=f"if a line ends there: {fed}; else quote the text",
            )

    def note_short(self, report: Report) -> None:
        """Count the rows with fewer fields than the header."""
        width, body = len(self._header), self.text
        if b'"' not in body and body.count(self.delimiter.encode()) == (width - 1) * body.count(b"\n"):
            return
        lines = [line for line, fields in self._each() if len(fields) < width]
        if lines:
            rows, first = counted(len(lines), "rows"), lines[0]
            report.warn(
                f"{self.where}: {rows} with fewer fields than the header, first line {first}: the rest is empty"
            )

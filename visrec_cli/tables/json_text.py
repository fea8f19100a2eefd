"""NDJSON and JSON arrays in: one object per row. What is not JSON is refused with its line, in words of ours."""

import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from visrec_cli.errors import InputError
from visrec_cli.tables.failures import polars_failures
from visrec_cli.tables.json_depth import refuse_deep
from visrec_cli.tables.json_keys import refuse_double_keys, unique_keys

_HALF_PAIRS = re.compile(rb"\\u[dD][89abAB]")  # surrogates: two of them are one character, one is none
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
_SHOWN = 40
_DIGITS = 38  # what 128 bits hold


def read_json(data: bytes, where: str) -> pl.DataFrame:
    """The rows of NDJSON (one object per line), or of one array of objects.

    NaN and infinities are null, as in what pandas writes; whole numbers of more than 38 digits are text. Raises
    InputError that names the line, or the row and column.
    """
    refuse_deep(data, where)
    if not _HALF_PAIRS.search(data):
        try:
            frame = _narrowed(_parsed(data))
            refuse_double_keys(data, where)
            return frame
        except polars_failures():
            pass  # the slow way finds out where, and reads what is not quite JSON
    rows = list(_array(data, where) if data.lstrip()[:1] == b"[" else _lines(data, where))
    text = "\n".join(json.dumps(row) for _, row in rows).encode()
    try:
        return _narrowed(pl.read_ndjson(io.BytesIO(text), infer_schema_length=None)) if rows else pl.DataFrame()
    except polars_failures() as error:
        _refuse_mixed(rows, where)
        raise InputError(f"{where} cannot be read as a table", fix="one flat object per line is best") from error


def _parsed(data: bytes) -> pl.DataFrame:
    if data.lstrip()[:1] == b"[":
        return pl.read_json(io.BytesIO(data), infer_schema_length=None)
    return pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)


def _lines(data: bytes, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object, and where it is."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            at = f"line {number}"
            yield at, _object(_loaded(line, where, at), where, at)


def _array(data: bytes, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = _loaded(data, where, "the array")
    for number, row in enumerate(rows, 1):
        yield f"row {number}", _object(row, where, f"row {number}")


def _loaded(text: bytes, where: str, at: str) -> Any:
    try:
        words = text.decode("utf-8")  # as it is: json guesses another encoding where there are zeros
        return json.loads(  # noqa: TID251
            words,
            object_pairs_hook=lambda pairs: unique_keys(pairs, where, at),
            parse_constant=lambda _: None,
            parse_int=_whole,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        if at == "the array":
            at = f"line {error.lineno}"
        shown = error.doc[max(0, error.pos - 10) : error.pos + 20].split("\n")[0]
        raise InputError(
            f"{where}: {at} is not JSON: at character {error.colno}, near {shown!r}",
            fix="expected one JSON object per line, or one array of objects",
        ) from error
    except RecursionError as error:
        raise InputError(f"{where}: {at} is nested too deeply", fix="one flat object per line is best") from error


def _object(row: Any, where: str, at: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        kind = _KINDS.get(type(row), "null")
        raise InputError(
            f"{where}: {at} is {kind}, not an object",
            fix='each row is an object, as {"item_id": "7", "title": "Red dress"}',
        )
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.start + 1].encode("unicode_escape", "surrogatepass").decode()
        raise InputError(
            f"{where}: {at} holds half of a character ({half})", fix="write the file again, in UTF-8"
        ) from error
    return row


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _DIGITS else digits


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _narrowed(frame: pl.DataFrame) -> pl.DataFrame:
    """Whole numbers of 128 bits, which Arrow has not, as unsigned ones of 64 where they fit, else as text."""
    casts = []
    for name, kind in frame.schema.items():
        narrow = _without_long(kind)
        if narrow == kind:
            continue
        if kind in (pl.Int128, pl.UInt128) and _fits(frame[name]):
            narrow = pl.UInt64()
        casts.append(pl.col(name).cast(narrow))
    return frame.with_columns(casts) if casts else frame


def _fits(column: pl.Series) -> bool:
    low, high = column.min(), column.max()
    return isinstance(low, int) and isinstance(high, int) and low >= 0 and high < 1 << 64


def _without_long(kind: Any) -> Any:
    if kind in (pl.Int128, pl.UInt128):
        return pl.String()
    if isinstance(kind, pl.List):
        return pl.List(_without_long(kind.inner))
    if isinstance(kind, pl.Struct):
        return pl.Struct([pl.Field(field.name, _without_long(field.dtype)) for field in kind.fields])
    return kind


def _refuse_mixed(rows: list[tuple[str, dict[str, Any]]], where: str) -> None:
    """Raises InputError for the first column that holds values which no one column holds together."""
    first: dict[str, tuple[str, str]] = {}
    for at, row in rows:
        for name, value in row.items():
            kind = _KINDS.get(type(value))
            if kind is None:
                continue
            before = first.setdefault(name, (kind, at))
            if before[0] != kind and {"a list", "an object"} & {before[0], kind}:
                raise InputError(
                    f"{where}: '{name}' is {before[0]} in {before[1]} and {kind} in {at}",
                    fix="give it one form in all rows",
                )

"""Stray quotes in CSV: ``5" nail``, or an unclosed quote.

A reader that trusts them takes all up to the next one for a single field, and rows vanish without a word. Here the
text is rewritten so that each quote that means itself is doubled within a quoted field, as RFC 4180 has it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError
from visrec_cli.runtime.display import counted

_CHUNK = 1 << 24
_LOOKED_AT = 1000  # quoted line feeds: more of the same kind say the same
_MOST_LINES = 1000  # of one field
_FEW_LINES = 20  # of one that would be a row without its quote
_QUOTE, _FEED, _RETURN = b'"'[0], b"\n"[0], b"\r"[0]


@dataclass(frozen=True)
class Quotes:
    """What a look at the quotes of a text found.

    sound: each opens a field and closes it. feeds: (n,) where line feeds stand between quotes, the first of them.
    """

    sound: bool
    feeds: npt.NDArray[np.int64]


def mend_quotes(data: bytes, delimiter: bytes, width: int, where: str, skipped: int) -> tuple[bytes, str | None]:
    """The text with sound quotes, and a remark if one is due. width: of the header. skipped: lines above the text.

    Where tabs divide the text and every line has all its fields, no field goes over a line. Elsewhere a quote that
    does not close within its line goes on over the next ones, unless the line has all its fields without it. Raises
    InputError, naming the line, for a field that is never closed.
    """
    if b'"' not in data:
        return data, None
    found = _look(data, delimiter)
    if found.sound and not len(found.feeds):
        return data, None
    by_line = delimiter == b"\t" and width > 1 and _each_line_has(data, delimiter, width)
    if found.sound and not by_line:
        return data, _suspicion(data, found.feeds, delimiter, width, where, skipped) if width > 1 else None
    lines: list[bytes] = []
    stray: list[int] = []
    for number, line, mended in _mended(data.split(b"\n"), delimiter.decode(), width, by_line, where, skipped):
        lines.append(line)
        if mended:
            stray.append(number)
    remark = None
    if stray and delimiter != b"\t":
        rows = counted(len(stray), "lines")
        remark = f"{where}: {rows} with a quote that opens or closes no field, first line {stray[0]}: read as text"
    return b"\n".join(lines), remark


def _look(data: bytes, delimiter: bytes) -> Quotes:
    text = np.frombuffer(data, np.uint8)
    ends = np.zeros(256, bool)  # what may stand outside of a field's quotes, beside them
    ends[[_QUOTE, _FEED, _RETURN, delimiter[0]]] = True
    seen, feeds = 0, list[npt.NDArray[np.int64]]()
    sound = True
    for start in range(0, len(text), _CHUNK):
        part = text[start : start + _CHUNK]
        quotes = np.flatnonzero(part == _QUOTE) + start
        opening = (seen + np.arange(len(quotes))) % 2 == 0
        beside = np.where(opening, quotes - 1, quotes + 1)
        inside = (beside >= 0) & (beside < len(text))
        sound = sound and bool(ends[text[beside[inside]]].all())
        if len(feeds) < _LOOKED_AT and (len(quotes) or seen % 2):
            lines = np.flatnonzero(part == _FEED) + start
            feeds.append(lines[(seen + np.searchsorted(quotes, lines)) % 2 == 1][:_LOOKED_AT])
        seen += len(quotes)
    return Quotes(sound and seen % 2 == 0, np.concatenate(feeds) if feeds else np.zeros(0, np.int64))


def _each_line_has(data: bytes, delimiter: bytes, width: int) -> bool:
    """Whether each line that is not empty has so many fields, if quotes mean nothing."""
    return all(line.count(delimiter) == width - 1 for line in data.split(b"\n") if line.strip(b"\r"))


def _suspicion(
    data: bytes, feeds: npt.NDArray[np.int64], delimiter: bytes, width: int, where: str, skipped: int
) -> str | None:
    """A remark, if a quoted field goes over lines of which each could be a row of its own."""
    for feed in feeds.tolist():
        before, after = data.rfind(b"\n", 0, feed) + 1, data.find(b"\n", feed + 1)
        lines = data[before : after if after >= 0 else len(data)].split(b"\n")
        if all(line.count(delimiter) == width - 1 for line in lines):
            number = data.count(b"\n", 0, before) + 1 + skipped
            return (
                f"{where}: line {number}: a quote goes on over the end of the line, and each of these lines could be a "
                "row: they are read as one field; if the quote is none, double it"
            )
    return None


def _mended(
    lines: list[bytes], delimiter: str, width: int, by_line: bool, where: str, skipped: int
) -> Iterator[tuple[int, bytes, bool]]:
    """Number, text and whether a quote is no quote of each line, or of lines that one field goes over."""
    field = _field_of(delimiter)
    at = 0
    while at < len(lines):
        number, line = at + 1 + skipped, lines[at]
        at += 1
        if b'"' not in line:
            yield number, line, False
            continue
        text = line.decode().removesuffix("\r")
        fields, whole = _fields(text, field), text.count(delimiter) == width - 1
        if fields is None and not by_line:
            longer = _closed(lines[at - 1 : at + (_FEW_LINES if whole else _MOST_LINES)], field, width)
            if longer is not None and not (whole and _are_rows(longer[0], delimiter, width)):
                text, fields = longer
                at += text.count("\n")
            elif not whole:
                raise InputError(
                    f"{where}: line {number} opens a quote that is never closed: {text[:60]!r}",
                    fix='close it, or double it ("") if it belongs to the text',
                )
        if fields is None or (len(fields) != width and whole):
            fields = [(piece, False) for piece in text.split(delimiter)]
        mended = any('"' in piece and not quoted for piece, quoted in fields)
        yield number, _written(fields, delimiter).encode(), mended


def _closed(lines: list[bytes], field: re.Pattern[str], width: int) -> tuple[str, list[tuple[str, bool]]] | None:
    """The first of the lines with those after it, up to where the quote that it opens is closed, and its fields."""
    for more in range(2, len(lines) + 1):
        if b'"' in lines[more - 1]:
            text = "\n".join(one.decode() for one in lines[:more]).removesuffix("\r")
            fields = _fields(text, field)
            if fields is not None and len(fields) == width:
                return text, fields
    return None


def _are_rows(text: str, delimiter: str, width: int) -> bool:
    return all(line.count(delimiter) == width - 1 for line in text.split("\n"))


def _field_of(delimiter: str) -> re.Pattern[str]:
    """One field and what ends it: quoted, perhaps with spaces around it, or anything without the delimiter."""
    end = rf"({re.escape(delimiter)}|\Z)"
    return re.compile(rf' *"((?:[^"]|"")*)" *{end}|([^{re.escape(delimiter)}\n]*){end}')


def _fields(text: str, field: re.Pattern[str]) -> list[tuple[str, bool]] | None:
    """The fields of a record, each with whether it was quoted; None where a quote opens one and does not close it."""
    found: list[tuple[str, bool]] = []
    at = 0
    while True:
        match = field.match(text, at)
        if match is None:
            return None
        quoted = match[1] is not None
        piece = match[1].replace('""', '"') if quoted else match[3]
        if not quoted and piece.lstrip(" ").startswith('"'):
            return None
        found.append((piece, quoted))
        if match.end() == len(text) and not (match[2] or match[4]):
            return found
        at = match.end()


def _written(fields: list[tuple[str, bool]], delimiter: str) -> str:
    return delimiter.join(
        '"' + piece.replace('"', '""') + '"' if quoted or '"' in piece else piece for piece, quoted in fields
    )

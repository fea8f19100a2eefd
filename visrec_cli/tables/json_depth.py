"""Nesting depth of JSON, checked before parsing.

Some hundred levels cost polars gigabytes and minutes, or the process; Arrow takes 64.
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError

DEEPEST = 50
_AT_ONCE = 1 << 24  # bytes, up to the end of a line
_STRINGS = re.compile(rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"')
_BIT, _OPENING, _CLOSING = 0x20, 0x7B, 0x7D  # [ and ] differ from { and } in one bit
_QUOTE, _LINE_FEED = 0x22, 0x0A


def refuse_deep(data: bytes, where: str) -> None:
    """Raise InputError for the first line of NDJSON, or for an array, with more than DEEPEST levels."""
    array = data[:4096].lstrip()[:1] == b"["
    for number, part in [(1, data)] if array else whole_lines(data):
        found = _first_deep(part, DEEPEST + 1 if array else DEEPEST, array=array)
        if found is not None:
            at = "the array" if array else f"line {number + found}"
            raise InputError(f"{where}: {at} is nested too deeply", fix="one flat object per line is best")


def whole_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Whole lines, about _AT_ONCE bytes at a time, with the number of the first one."""
    start, number = 0, 1
    while start < len(data):
        end = data.find(b"\n", start + _AT_ONCE) + 1 or len(data)
        part = data[start:end]
        yield number, part
        start, number = end, number + part.count(b"\n")


def _first_deep(part: bytes, most: int, *, array: bool) -> int | None:
    """The first line (of an array: 0) with more than ``most`` levels."""
    text = np.frombuffer(part, np.uint8)
    opening, closing, quote = (text | _BIT) == _OPENING, (text | _BIT) == _CLOSING, text == _QUOTE
    starts = np.zeros(1, np.int64) if array else np.append(0, np.flatnonzero(text[:-1] == _LINE_FEED) + 1)
    marks = np.flatnonzero(opening | closing | quote)
    firsts = np.searchsorted(marks, starts)  # each line's first mark
    sizes = np.diff(np.append(firsts, len(marks)))
    if not len(marks) or int(np.diff(_sums(opening[marks])[np.append(firsts, len(marks))]).max()) <= most:
        return None
    if b"\\" in part:
        return _first_deep(_STRINGS.sub(b"", part).replace(b"\\", b""), most, array=array)
    quotes, steps = _sums(quote[marks]), opening[marks].astype(np.int8) - closing[marks]
    steps[(quotes[1:] - np.repeat(quotes[firsts], sizes)) % 2 == 1] = 0  # in a text
    levels = _sums(steps)
    deep = np.flatnonzero(levels[1:] - np.repeat(levels[firsts], sizes) > most)
    return int(np.searchsorted(firsts, deep[0], "right")) - 1 if len(deep) else None


def _sums(values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """Of all before each place, and of all."""
    return np.append(0, np.cumsum(values, dtype=np.int64))

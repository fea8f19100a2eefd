"""Detection of repeated keys in JSON objects, which parsers accept silently."""

import json
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError
from visrec_cli.tables.json_depth import whole_lines

_QUOTE, _COLON, _LINE_FEED, _BLANKS = 0x22, 0x3A, 0x0A, (0x20, 0x09, 0x0D)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd: no bit of a hash is lost
_WORD = 8  # bytes of a key at each end that tell it from another of its length


def refuse_double_keys(data: bytes, where: str) -> None:
    """Raise InputError for the first object of valid NDJSON, or of an array, that holds a key twice.

    Rows whose keys are the same in the same order are of one shape, and one row of each shape is parsed. Two keys of
    one length that differ only between their first and last 8 bytes count as the same there.
    """
    if data[:4096].lstrip()[:1] == b"[":
        _refuse(data, where, "the array")
        return
    seen = np.empty(0, np.uint64)
    for number, part in whole_lines(data):
        lines = np.append(np.flatnonzero(np.frombuffer(part, np.uint8) == _LINE_FEED), len(part))
        shapes = _shapes(part, lines)
        unique, rows = np.unique(shapes, return_index=True)
        for row in np.sort(rows[~np.isin(unique, seen)]).tolist():
            line = part[lines[row - 1] + 1 if row else 0 : lines[row]]
            if line.strip():
                _refuse(line, where, f"line {number + row}")
        seen = np.union1d(seen, unique)


def _shapes(part: bytes, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A hash of each line's keys, in their order. lines: (n,) where each line ends."""
    if b"\\" in part:
        part = part.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
    padded = part + bytes(_WORD)
    text = np.frombuffer(padded, np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    starts, ends = quotes[: len(quotes) // 2 * 2 : 2] + 1, quotes[1::2]
    after = ends + 1
    while (blank := np.flatnonzero(np.isin(text[after], _BLANKS))).size:
        after[blank] += 1
    keys = text[after] == _COLON
    starts, ends = starts[keys], ends[keys]
    row = np.searchsorted(lines, starts)
    firsts = np.searchsorted(row, np.arange(len(lines)))
    order = (np.arange(len(row)) - firsts[row]).astype(np.uint64)
    sums = np.append(np.uint64(0), np.cumsum(_hashes(padded, starts, ends) * (2 * order + 1)))
    return sums[np.append(firsts[1:], len(row))] - sums[firsts]


def _hashes(padded: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Of each key: by its length and its first and last _WORD characters."""
    words = np.ndarray((len(padded) - _WORD + 1,), "<u8", buffer=padded, strides=(1,))
    sizes = ends - starts
    whole = np.uint64((1 << 64) - 1) >> (8 * (_WORD - np.clip(sizes, 1, _WORD))).astype(np.uint64)
    first = np.where(sizes > 0, words[starts] & whole, 0)
    last = words[np.maximum(ends - _WORD, starts)]
    found = (sizes + 1).astype(np.uint64) * _FACTOR
    for word in (first, np.where(sizes > _WORD, last, 0)):
        found = (found ^ word) * _FACTOR
        found ^= found >> np.uint64(29)
    return found * _FACTOR


def _refuse(text: bytes, where: str, at: str) -> None:
    def check(pairs: list[tuple[str, Any]]) -> None:
        unique_keys(pairs, where, at)

    json.loads(text.decode("utf-8"), object_pairs_hook=check, parse_int=len, parse_float=len)  # noqa: TID251


def unique_keys(pairs: list[tuple[str, Any]], where: str, at: str) -> dict[str, Any]:
    """The object of these pairs. Raises InputError for a key that stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise InputError(f"{where}: {at} holds '{twice}' twice", fix="give each value a key of its own")
    return found

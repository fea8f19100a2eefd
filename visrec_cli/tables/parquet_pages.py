"""Sizes declared by Parquet pages, checked before decompression.

A column of a row group is a row of pages, each with a header in Thrift's compact encoding and then its packed bytes.
Where the pages begin, the footer says, in the same encoding: pyarrow ends the process when it is asked for a column
whose metadata are damaged. A header that cannot be read counts nothing: Parquet's own reader refuses it.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

_FIRST, _LARGEST = 1 << 12, 1 << 24  # bytes in which a header is looked for; Parquet's reader takes no larger ones
_DEEPEST = 64  # as Parquet's reader
_DICTIONARY = 2
_WHOLE_NUMBERS = (4, 5, 6)
_UNREADABLE = (struct.error, ValueError, TypeError, IndexError, KeyError, OverflowError)


class Chunk(NamedTuple):
    """One column of a row group: from where to where its pages lie, and the number of its codec."""

    start: int
    end: int
    codec: int


class Page(NamedTuple):
    """end: where its packed bytes end. size: bytes that it has unpacked. values: how many."""

    end: int
    size: int
    values: int
    dictionary: bool


def chunks_of(file: Any) -> list[list[Chunk]]:
    """The columns of each row group, of a file of pyarrow. Raises ValueError where the footer cannot be read."""
    try:
        size = file.size()
        length = int.from_bytes(file.read_at(8, size - 8)[:4], "little")
        if length > size - 12:
            raise ValueError(f"a footer of {length} bytes")
        footer = _Compact(file.read_at(length, size - 8 - length)).struct(0)
        return [[_chunk(one.get(3) or {}) for one in group.get(1) or ()] for group in footer.get(4) or ()]
    except (*_UNREADABLE, AttributeError) as error:
        raise ValueError("its footer cannot be read") from error


def _chunk(about: dict[int, Any]) -> Chunk:
    start, dictionary = about[9], about.get(11) or 0
    start = dictionary if 0 < dictionary < start else start
    return Chunk(start, start + about[7], about[4])


def pages_of(file: Any, start: int, end: int) -> Iterator[Page]:
    """The pages of one column of a row group, which lies from ``start`` to ``end`` in a file of pyarrow."""
    while start < end:
        found = _page(file, start)
        if found is None:
            return
        yield found
        start = found.end


def _page(file: Any, start: int) -> Page | None:
    window = _FIRST
    while window <= _LARGEST:
        raw = file.read_at(window, start)
        try:
            reader = _Compact(raw)
            header = reader.struct(0)
        except _UNREADABLE:
            if len(raw) < window:
                return None
            window *= 16
            continue
        about = header.get(5) or header.get(7) or header.get(8) or {}
        size, packed = header.get(2), header.get(3)
        values = about.get(1) if isinstance(about, dict) else None
        numbers = [one for one in (size, packed, values) if isinstance(one, int) and one >= 0]
        if len(numbers) < 3:
            return None
        return Page(start + reader.at + numbers[1], numbers[0], numbers[2], header.get(1) == _DICTIONARY)
    return None


class _Compact:
    """Reads a struct of Thrift's compact protocol: whole numbers, structs and lists of structs by field; other fields
    are passed over."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self.at = raw, 0

    def struct(self, depth: int) -> dict[int, Any]:
        """The fields by number. Raises _UNREADABLE where it ends too early, or is none."""
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            delta, kind = head >> 4, head & 15
            number = number + delta if delta else self._whole()
            found[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _WHOLE_NUMBERS:
            return self._whole()
        if kind == 12:
            return self.struct(depth + 1)
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (7, 8):
            self._pass(8 if kind == 7 else self._varint())
        elif kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            found = [self._value(head & 15, depth + 1) for _ in range(self._possible(count))]
            return found if head & 15 == 12 else None
        elif kind == 11:
            count = self._possible(self._varint())
            kinds = self._byte() if count else 0
            for _ in range(count):
                self._value(kinds >> 4, depth + 1)
                self._value(kinds & 15, depth + 1)
        else:
            raise ValueError(f"field of kind {kind}")
        return None

    def _possible(self, count: int) -> int:
        if count > len(self._raw) - self.at:  # each takes a byte at least
            raise IndexError(count)
        return count

    def _byte(self) -> int:
        value = self._raw[self.at]
        self.at += 1
        return value

    def _pass(self, size: int) -> None:
        if size > len(self._raw) - self.at:
            raise IndexError(size)
        self.at += size

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of too many bytes")

    def _whole(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

"""Sizes declared by Arrow IPC messages, checked before decompression.

A message is four bytes of 0xff, the length of its metadata, the metadata (a flatbuffer), and a body of buffers. Of a
compressed batch each buffer begins with the length that it has unpacked. A column of nulls or of runs has no buffer of
its length, and may say any. What cannot be read here counts nothing: Arrow looks next, and refuses it.
"""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from flatbuffers import number_types as kinds
from flatbuffers.table import Table

from visrec_cli.runtime.decompression_limits import Unpacking

_DICTIONARY, _BATCH = 2, 3  # kinds of messages
_TINIEST = 8  # values in a byte
_BLOCK = np.dtype([("at", "<i8"), ("metadata", "<i4"), ("pad", "<i4"), ("body", "<i8")])
_PAIR = np.dtype("<i8,<i8")
_UNREADABLE = (struct.error, ValueError, TypeError, IndexError, OverflowError, AssertionError)


class Message:
    """The metadata of one message. body: bytes that follow it. Raises _UNREADABLE for what is none."""

    def __init__(self, metadata: bytes) -> None:
        root = _root(metadata)
        kind = root.GetSlot(_slot(1), 0, kinds.Uint8Flags)
        self.body: int = root.GetSlot(_slot(3), 0, kinds.Int64Flags)
        self._batch = _child(root, 2) if kind in (_DICTIONARY, _BATCH) else None
        if kind == _DICTIONARY and self._batch is not None:
            self._batch = _child(self._batch, 1)
        self.compressed = self._batch is not None and self._batch.Offset(_slot(3)) != 0

    def unpacked(self, at: Callable[[int], bytes]) -> int:
        """Bytes that it becomes beyond those of its body. ``at(n)`` gives 8 bytes from n of the body on."""
        if self._batch is None:
            return 0
        buffers = [(offset, length) for offset, length in _pairs(self._batch, 2) if length > 0]
        if self.compressed:
            sizes = (int.from_bytes(at(offset), "little", signed=True) for offset, length in buffers if length >= 8)
            size = sum(max(0, one) for one in sizes)
        else:
            size = max(0, sum(length for _, length in buffers) - self.body)  # several may be the same bytes
        values = sum(max(0, length) for length, _ in _pairs(self._batch, 1))
        return size + max(0, values - _TINIEST * (self.body + size))


class StreamMessages:
    """Follows the messages of a stream as its bytes pass, each counted before Arrow has its last byte."""

    def __init__(self, where: str, *, otherwise: str) -> None:
        self.counted = Unpacking(where, lambda: self._read, otherwise=otherwise)
        self._read = 0
        self._next: Callable[[memoryview], None] = self._on_prefix
        self._wanted, self._had, self._kept, self._pieces = 4, 0, True, list[memoryview]()
        self._message: Message | None = None

    def feed(self, data: bytes) -> None:
        """The next bytes of the stream. Raises InputError above the limit."""
        self._read += len(data)
        left = memoryview(data)
        while len(left) and self._wanted:
            part = left[: self._wanted - self._had]
            left = left[len(part) :]
            self._had += len(part)
            if self._kept:
                self._pieces.append(part)
            if self._had == self._wanted:
                pieces = self._pieces
                self._wanted = 0  # until somebody asks for more
                self._next(pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces)))

    def _ask(self, wanted: int, then: Callable[[memoryview], None], *, kept: bool = True) -> None:
        self._wanted, self._had, self._next, self._kept, self._pieces = max(0, wanted), 0, then, kept, []

    def _on_prefix(self, raw: memoryview) -> None:
        if bytes(raw) == b"\xff\xff\xff\xff":
            self._ask(4, self._on_length)
        else:
            self._on_length(raw)  # as in streams of 2019

    def _on_length(self, raw: memoryview) -> None:
        self._ask(int.from_bytes(raw, "little", signed=True), self._on_metadata)

    def _on_metadata(self, raw: memoryview) -> None:
        try:
            self._message = message = Message(bytes(raw))
        except _UNREADABLE:
            return
        if message.compressed and message.body > 0:
            self._ask(message.body, self._on_body)
            return
        self._count(raw[:0])
        self._ask(message.body or 4, self._on_rest if message.body else self._on_prefix, kept=not message.body)

    def _on_body(self, raw: memoryview) -> None:
        self._count(raw)
        self._ask(4, self._on_prefix)

    def _on_rest(self, _: memoryview) -> None:
        self._ask(4, self._on_prefix)

    def _count(self, body: memoryview) -> None:
        assert self._message is not None
        try:
            size = self._message.unpacked(lambda offset: bytes(body[offset : offset + 8]))
        except _UNREADABLE:
            return
        self.counted.add(size)


class FileMessages:
    """Where the messages of an Arrow file are, by its footer."""

    def __init__(self, file: Any, counted: Unpacking) -> None:
        self._file, self._counted, self._batches = file, counted, np.empty(0, _BLOCK)
        try:
            size = file.size()
            length = int.from_bytes(self._at(size - 10, 4), "little", signed=True)
            footer = _root(self._at(size - 10 - length, length))
            dictionaries, self._batches = _blocks(footer, 2), _blocks(footer, 3)
        except (*_UNREADABLE, OSError):
            return
        for block in dictionaries:
            self._count(block)

    def count(self, index: int) -> None:
        """Count what a batch becomes, before it is read. Raises InputError above the limit."""
        if index < len(self._batches):
            self._count(self._batches[index])

    def _count(self, block: Any) -> None:
        start, length = int(block["at"]), int(block["metadata"])
        try:
            prefix = 8 if self._at(start, 4) == b"\xff\xff\xff\xff" else 4
            message = Message(self._at(start + prefix, length - prefix))
            size = message.unpacked(lambda offset: self._at(start + length + offset, 8))
        except (*_UNREADABLE, OSError):
            return
        self._counted.add(size)

    def _at(self, start: int, size: int) -> bytes:
        """Raises ValueError for what is not in the file."""
        if not 0 <= size <= self._file.size() - start or start < 0:
            raise ValueError(f"{size} bytes at {start}")
        return self._file.read_at(size, start)


def _slot(number: int) -> int:
    return 4 + 2 * number


def _root(raw: bytes) -> Table:
    return Table(raw, int.from_bytes(raw[:4], "little"))


def _child(table: Table, number: int) -> Table | None:
    at = table.Offset(_slot(number))
    return Table(table.Bytes, table.Indirect(table.Pos + at)) if at else None


def _vector(table: Table, number: int, kind: Any) -> Any:
    """A vector of structs; empty where there is none. Raises ValueError where it ends after the bytes do."""
    at = table.Offset(_slot(number))
    if not at:
        return np.empty(0, kind)
    return np.frombuffer(table.Bytes, kind, count=table.VectorLen(at), offset=table.Vector(at))


def _pairs(table: Table, number: int) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in _vector(table, number, _PAIR).tolist()]


def _blocks(table: Table, number: int) -> Any:
    return _vector(table, number, _BLOCK)

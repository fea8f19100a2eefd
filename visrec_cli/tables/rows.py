"""Rows of columns that come in many chunks: Arrow's own ``take`` joins whole columns, which fails beyond 2 GiB."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Rows = npt.NDArray[np.int64]


class ChunkRows:
    """Which chunk holds a row, and where in it. chunks: arrays or batches, one after the other."""

    def __init__(self, chunks: Sequence[Any]) -> None:
        self._ends = np.cumsum([len(chunk) for chunk in chunks], dtype=np.int64)
        self._starts: list[int] = [0, *self._ends.tolist()][:-1]

    def find(self, row: int) -> tuple[int, int]:
        """The number of the chunk that holds a row, and the row's place in it."""
        chunk = bisect_right(self._starts, row) - 1
        return chunk, row - self._starts[chunk]

    def of(self, rows: Rows) -> Iterator[tuple[int, Rows, Rows]]:
        """For each chunk that holds some of the rows: its number, their places among ``rows``, and those in it."""
        chunk_of = np.searchsorted(self._ends, rows, side="right")
        order = np.argsort(chunk_of, kind="stable")
        firsts = np.flatnonzero(np.diff(chunk_of[order], prepend=-1)).tolist()
        for first, end in pairwise([*firsts, len(rows)]):
            places = order[first:end]
            chunk = int(chunk_of[places[0]])
            yield chunk, places, rows[places] - self._starts[chunk]


def take_values(column: pa.ChunkedArray, rows: Rows) -> pa.Array:
    """Some values of a column, in the order of ``rows``, taken chunk by chunk."""
    chunks = column.chunks
    parts, places = [pa.nulls(0, column.type)], [rows[:0]]
    for chunk, here, local in ChunkRows(chunks).of(rows):
        parts.append(chunks[chunk].take(pa.array(local)))
        places.append(here)
    return pa.concat_arrays(parts).take(pa.array(np.argsort(np.concatenate(places))))


def take_rows(table: pa.Table, rows: Rows) -> pa.Table:
    """Some rows of a table, in the order of ``rows``."""
    return pa.table([take_values(column, rows) for column in table.columns], schema=table.schema)

"""The vectors of an embedding column, scaled to length 1 where they are looked at.

A mapped column stays in its file: no copy of it is made, its rows are read block by block, and their lengths are known
after the first pass over all blocks, which may well be that of a search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.errors import InputError
from visrec_cli.tables.rows import ChunkRows, take_values
from visrec_cli.tables.vectors import Mask, Matrix, Rows, column_of, numbers_of, rows_of_chunk, vector_chunks

Lengths = npt.NDArray[np.float32]

_BLOCK = 1 << 20  # bytes: what stays in a processor's cache between a product and the lengths
_STEP = 1 << 12  # rows that are copied and scaled at once
_OFF = 1e-3  # by how much a length may differ from 1 in a column that says its vectors have length 1
_SHORT, _LONG = 1e-15, 1e15  # beyond these lengths products and squares in float32 lose digits, or overflow
_MOST = np.finfo(np.float32).max
_ONE, _NONE = np.float32(1), np.float32(np.nan)


class Block(NamedTuple):
    """Rows from ``start`` on. vectors: (m, d). lengths: (m,), by which they are to be divided, if by any; NaN where
    there is no vector, or none that may be found."""

    start: int
    vectors: Matrix
    lengths: Lengths | None


@dataclass
class _State:
    """What was learned of the lengths; and, where they are held, all vectors, scaled, and the places of their ids."""

    lengths: Lengths
    finished: bool = False
    held: Matrix | None = None
    places: Rows | None = None


class UnitVectors:
    """Of (n, d) vectors the rows of length 1; zeros where there is none.

    column: of an Arrow table. ids: its items, to name one that is refused, and to order equal scores. normalised: the
    column says that its vectors have length 1, and one that has another (nor 0) is refused. Raises InputError for a
    column that holds no vectors.
    """

    def __init__(self, column: pa.ChunkedArray, *, name: str, ids: pa.ChunkedArray, normalised: bool = False) -> None:
        chunks, width = vector_chunks(column, name, ids)
        self._name, self._ids, self._normalised = name, ids, normalised
        self._chunks, self._places = chunks, ChunkRows(chunks)
        self.shape = (len(ids), width)
        self._state = _State(np.zeros(len(ids), np.float32))
        self._only: Mask | None = None

    @classmethod
    def of(cls, matrix: Matrix, ids: pa.ChunkedArray, valid: Mask | None = None) -> "UnitVectors":
        """Of a matrix in memory, (n, d). valid: (n,) bool, the rows that have a vector (None: all)."""
        return cls(pa.chunked_array([column_of(matrix, valid)]), name="vectors", ids=ids)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Sequence[int] | Rows | slice) -> Matrix:
        """A copy of some rows, scaled. Each depends on nothing but the vector itself."""
        if self._state.held is not None:
            return self._state.held[rows]
        wanted = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows, np.int64)
        out = np.empty((len(wanted), self.shape[1]), np.float32)
        for chunk, places, local in self._places.of(wanted):
            for start in range(0, len(places), _STEP):
                part = slice(start, start + _STEP)
                vectors, valid = rows_of_chunk(self._chunks[chunk], local[part], self.shape[1])
                if valid is not None:
                    vectors[~valid] = 0
                with np.errstate(all="ignore"):
                    lengths = _lengths(vectors)
                    vectors /= np.where(lengths == 0, 1, lengths)[:, None].astype(np.float32)
                out[places[part]] = vectors
        return out

    def among(self, only: Mask) -> "UnitVectors":
        """The same vectors, of which a search finds ``only`` some, (n,) bool. What one learns of lengths both know."""
        part = object.__new__(UnitVectors)
        part.__dict__ = {**self.__dict__, "_only": only}
        part.__dict__.pop("found", None)
        return part

    def hold(self) -> None:
        """Keep a scaled copy of all vectors, and the order of all ids: for many queries that is less work."""
        if self._state.held is None:
            self.look_through()
            self._state.places = self.by_id(np.arange(len(self)))
            self._state.held = self[np.arange(len(self))]

    def block(self, start: int, end: int) -> Block:
        """The rows from start on, up to end or less far: some at least."""
        if self._state.held is not None:
            own = slice(start, end)
            found = self.found[own]
            return Block(start, self._state.held[own], None if found.all() else np.where(found, _ONE, _NONE))
        chunk, at = self._places.find(start)
        most = max(1, _BLOCK // (4 * max(1, self.shape[1])))
        return self._block(start, chunk, at, min(most, end - start, len(self._chunks[chunk]) - at))

    def finish(self) -> None:
        """To be called when all blocks were read once. Raises InputError where a vector cannot be used."""
        if not self._state.finished:
            self._finish()

    def look_through(self) -> None:
        """Read all vectors, if nobody did. Raises InputError where one cannot be used."""
        if not self._state.finished:
            start = 0
            while start < len(self):
                start += len(self.block(start, len(self)).vectors)
            self.finish()

    @property
    def lengths(self) -> Lengths:
        """(n,) the length of each vector, 0 where there is none; a pass over all of them, if there was none yet."""
        self.look_through()
        return self._state.lengths

    @cached_property
    def found(self) -> Mask:
        """(n,) bool, the rows that a search may find."""
        has = self.lengths != 0
        return has if self._only is None else has & self._only

    @cached_property
    def valid(self) -> Mask:
        """(n,) bool, False where the column has no vector (zeros are one here)."""
        valid = np.ones(len(self), bool)
        start = 0
        for chunk in self._chunks:
            if chunk.null_count:
                valid[start : start + len(chunk)] = np.asarray(chunk.is_valid())
            start += len(chunk)
        return valid

    def by_id(self, rows: Rows) -> Rows:
        """Numbers that stand in the order of the ids of these rows; -1 for rows below 0, which are none."""
        import pyarrow.compute as pc

        if self._state.places is not None:
            return np.where(rows < 0, -1, self._state.places[rows])
        some = np.unique(rows)
        some = some[some >= 0]
        ranks = np.full(len(some) + 1, -1)
        ranks[numbers_of(pc.sort_indices(take_values(self._ids, some))).astype(np.int64)] = np.arange(len(some))
        return ranks[np.where(rows < 0, len(some), np.searchsorted(some, rows))]

    def _block(self, start: int, chunk: int, at: int, rows: int) -> Block:
        vectors, valid = rows_of_chunk(self._chunks[chunk], slice(at, at + rows), self.shape[1])
        own = slice(start, start + rows)
        if not self._state.finished:
            self._state.lengths[own] = _rough_lengths(vectors, valid)
        lengths = self._state.lengths[own]
        found = lengths != 0 if self._only is None else (lengths != 0) & self._only[own]
        if not found.all():
            lengths = np.where(found, lengths, _NONE)
        if ((lengths < _SHORT) | (lengths > _LONG)).any():
            vectors, lengths = self[np.arange(start, start + rows)], np.where(np.isfinite(lengths), _ONE, _NONE)
        return Block(start, vectors, lengths)

    def _finish(self) -> None:
        lengths = self._state.lengths
        bad = np.flatnonzero(~np.isfinite(lengths))
        if len(bad):
            raise InputError(
                f"column '{self._name}' has NaN or infinity in {len(bad)} of {len(self)} vectors, first in item "
                f"'{self._id(bad[0])}'",
                fix="set those vectors to null or embed those items again: NaN would rank first in some libraries",
            )
        bad = np.flatnonzero((np.abs(lengths - 1) > _OFF) & (lengths != 0)) if self._normalised else bad
        if len(bad):
            raise InputError(
                f"column '{self._name}' says that its vectors have length 1, and {len(bad)} of {len(self)} have not: "
                f"row {bad[0] + 1}, item '{self._id(bad[0])}', has {lengths[bad[0]]:.4g}",
                fix="embed the items again; or drop what the column says of itself (its field's metadata)",
            )
        self._state.finished = True

    def _id(self, row: int) -> str:
        return str(take_values(self._ids, np.array([row]))[0])


def _rough_lengths(vectors: Matrix, valid: Mask | None) -> Lengths:
    """(m,) to the precision of float32, whatever the size of the numbers; 0 where there is no vector."""
    with np.errstate(all="ignore"):
        squares = np.vecdot(vectors, vectors)
        lengths = np.sqrt(squares)
        odd = ~((lengths > _SHORT) & (lengths < _LONG))
        if valid is not None:
            lengths[~valid] = 0
            odd &= valid
        if odd.any():
            exact = _lengths(vectors[odd])
            lengths[odd] = np.where(np.isfinite(exact), np.minimum(exact, _MOST), exact)
    return lengths


def _lengths(vectors: Matrix) -> npt.NDArray[np.float64]:
    return np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1))

"""The only place where a column becomes a matrix, and a matrix a column.

pyarrow has two traps here: on a sliced fixed-size-list array ``.values`` ignores the slice and keeps null rows,
``.flatten()`` honours the slice and drops them. A row number computed on the wrong one is another item's vector.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.errors import InputError

Matrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
_NAMES = re.compile(r"(.+_)?(embeddings?|vectors?)", re.IGNORECASE)


def is_embedding_type(kind: pa.DataType) -> bool:
    """Whether this Arrow type is a fixed-size list of floats."""
    return pa.types.is_fixed_size_list(kind) and pa.types.is_floating(kind.value_type)


def embedding_columns(schema: pa.Schema) -> list[str]:
    """Names of the embedding columns, in the order of the schema."""
    return [field.name for field in schema if is_embedding_type(field.type)]


def is_vector_name(name: str) -> bool:
    """Whether a column is called as vectors are: ``embedding``, ``vectors``, ``…_embedding``, ``…_vector``."""
    return _NAMES.fullmatch(name) is not None


def taken_as_they_are(where: str, name: str, number: str) -> str:
    """What is said of vectors of whole numbers, in 8 bits."""
    return (
        f"{where}: column '{name}' holds vectors of {number}, taken as they are: their cosine needs no scale "
        "(bits that were packed into bytes must be unpacked first)"
    )


def no_vectors(schema: pa.Schema, *, fix: str | tuple[str, ...], purpose: str = "") -> InputError:
    """The refusal of a table without embedding columns: what the nearest columns are instead."""
    near = [f"'{one.name}' is {_in_words(one)}" for one in schema if is_vector_name(one.name) or _is_list(one.type)]
    if not near:
        columns = ", ".join(schema.names) or "none"
        return InputError(f"the table has no embedding column{purpose} (its columns: {columns})", fix=fix)
    return InputError(
        f"the table has no embedding column{purpose}: {', '.join(near[:3])}, and needed is a list of numbers, all of "
        "one length, called embedding, vector or …_embedding",
        fix=fix,
    )


def _in_words(field: pa.Field) -> str:
    empty = is_vector_name(field.name) and _is_list(field.type)
    return "a list without a single vector in it" if empty else str(field.type).replace("item: ", "")


def _is_list(kind: pa.DataType) -> bool:
    """Whether it is a list of numbers, of any length."""
    return bool(
        pa.types.is_list(kind) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    )


def column_of(matrix: npt.NDArray[np.floating], valid: Mask | None = None, *, half: bool = False) -> pa.Array:
    """Make an embedding column: ``fixed_size_list<float32>[d]`` (float16 with ``half``).

    matrix: (n, d). valid: (n,) bool, False gives a null row; None means that every row has a vector.
    """
    rows, width = matrix.shape
    flat = np.ascontiguousarray(matrix, dtype=np.float16 if half else np.float32).reshape(-1)
    number = pa.float16() if half else pa.float32()
    kind = pa.list_(number, width)
    if not rows or not width:  # Arrow divides by the width: the process would end
        row_valid = np.ones(rows, bool) if valid is None else valid
        return pa.array([[] if one else None for one in row_valid], kind)
    mask = None if valid is None or valid.all() else pa.array(~valid)
    values = pa.Array.from_buffers(number, flat.size, [None, pa.py_buffer(flat)])  # as pa.array, without its imports
    return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=mask)


def matrix_of(
    column: pa.ChunkedArray | pa.Array, *, name: str = "embedding", ids: Sequence[str] | pa.Array | None = None
) -> tuple[Matrix, Mask]:
    """Turn a column into ``(vectors, valid)``: (n, d) float32 C-contiguous and (n,) bool; null rows are zeros.

    Also takes variable lists when all have one length (what pandas and some databases give back). Raises InputError
    on NaN or infinity (naming the first id), on ragged lists and on types that are no vectors.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)]).tolist()
    parts = [
        _chunk_matrix(_fixed(chunk, name, start, ids))
        for chunk, start in zip(chunks, starts, strict=False)
        if len(chunk)
    ]
    if not parts:
        return np.zeros((0, column.type.list_size if is_embedding_type(column.type) else 0), np.float32), np.zeros(
            0, bool
        )
    width = max(vectors.shape[1] for vectors, _ in parts)
    if any(vectors.shape[1] != width for vectors, valid in parts if valid.any()):
        widths = np.concatenate([np.where(valid, vectors.shape[1], width) for vectors, valid in parts])
        row = int(np.flatnonzero(widths != width)[0])
        raise lengths_differ(f"column '{name}'", width, int(widths[row]), _who(row, ids))
    vectors = np.concatenate([v if v.shape[1] == width else np.zeros((len(v), width), np.float32) for v, _ in parts])
    valid = np.concatenate([mask for _, mask in parts])
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        first = _who(int(np.flatnonzero(bad)[0]), ids)
        raise InputError(
            f"column '{name}' has NaN or infinity in {int(bad.sum())} of {len(vectors)} vectors, first in {first}",
            fix="set those vectors to null or embed those items again: NaN would rank first in some libraries",
        )
    return vectors, valid


def unit_rows(vectors: Matrix) -> Matrix:
    """Rows scaled to length 1, (n, d) float32. A row of zeros (a picture without edges) stays: similar to nothing."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))[:, None]
    return np.divide(
        vectors, lengths, out=np.zeros_like(vectors, dtype=np.float32), where=lengths > 0, casting="same_kind"
    )


def lengths_differ(what: str, usual: int, other: int, first: str) -> InputError:
    """The refusal of vectors that are not all of one length. first: where the first other one is."""
    return InputError(
        f"{what} holds lists of different lengths ({min(usual, other)} to {max(usual, other)}): {other} in {first}",
        fix="embed all items with one encoder; an item without a vector has null",
    )


def _who(row: int, ids: Sequence[str] | pa.Array | None) -> str:
    return f"item '{ids[row]}'" if ids is not None else f"row {row + 1}"


def vector_chunks(column: pa.ChunkedArray, name: str, ids: pa.ChunkedArray) -> tuple[list[pa.Array], int]:
    """The chunks of a column that is read by ``rows_of_chunk``, as they are, and how many numbers a vector has.

    Raises InputError for ragged lists, and types that are no vectors.
    """
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    width, before = None, 0
    for chunk in chunks:
        own = _width(chunk, name, before, ids)
        if own is not None and width is not None and own != width:
            row = before + next(at for at, valid in enumerate(chunk.is_valid()) if valid.as_py())
            raise lengths_differ(f"column '{name}'", width, own, _who(row, ids))
        width, before = own if width is None else width, before + len(chunk)
    return chunks, width or 0


def rows_of_chunk(chunk: pa.Array, rows: slice | Rows, width: int) -> tuple[Matrix, Mask | None]:
    """Some vectors of a chunk, (m, width) float32, and which of them are there (None: all; others hold anything).

    Of a slice of float32 it is a view, which cannot be written to; of numbered rows always a copy.
    """
    if isinstance(rows, slice):
        return _viewed(chunk.slice(rows.start, rows.stop - rows.start), width)
    if not chunk.null_count and pa.types.is_fixed_size_list(chunk.type) and chunk.values.buffers()[0] is None:
        vectors, _ = _viewed(chunk, width, convert=False)
        return vectors[rows].astype(np.float32, copy=False), None
    vectors, valid = _viewed(chunk.take(pa.array(rows)), width)
    return vectors.copy(), valid


def numbers_of(values: pa.Array) -> npt.NDArray[Any]:
    """A view of numbers without nulls. As np.asarray, which imports pandas where that is installed."""
    kind = np.dtype(values.type.to_pandas_dtype())
    if not len(values):
        return np.empty(0, kind)
    return np.frombuffer(values.buffers()[1], kind, len(values), values.offset * kind.itemsize)


def _viewed(part: pa.Array, width: int, *, convert: bool = True) -> tuple[npt.NDArray[Any], Mask | None]:
    if not pa.types.is_fixed_size_list(part.type):
        part = part.cast(pa.list_(pa.float32(), width))
    values = part.values.slice(part.offset * width, len(part) * width)
    if values.null_count:
        return _chunk_matrix(part)
    vectors = numbers_of(values).reshape(len(part), width)
    valid = np.asarray(part.is_valid()) if part.null_count else None
    return (np.asarray(vectors, np.float32) if convert else vectors), valid


def _width(chunk: pa.Array, name: str, before: int, ids: Sequence[str] | pa.Array | None) -> int | None:
    """How many numbers the vectors of a chunk have, None where it has no vector. before: how many rows came earlier."""
    kind = chunk.type
    if pa.types.is_fixed_size_list(kind) and (
        pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)
    ):
        if not kind.list_size and chunk.null_count < len(chunk):
            raise _without_numbers(name)
        return int(kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        import pyarrow.compute as pc  # takes long to import, and few tables need it

        every = pc.list_value_length(chunk)
        lengths = pc.unique(pc.drop_null(every)).to_pylist()
        if len(lengths) > 1:
            row = pc.index(every, lengths[1]).as_py()
            raise lengths_differ(f"column '{name}'", lengths[0], lengths[1], _who(before + row, ids))
        if lengths == [0]:
            raise _without_numbers(name)
        return int(lengths[0]) if lengths else None
    raise InputError(
        f"column '{name}' is {kind}, not a list of numbers",
        fix=("name an embedding column with --column", "make vectors: visrec embed-images TABLE"),
    )


def _fixed(chunk: pa.Array, name: str, before: int, ids: Sequence[str] | pa.Array | None) -> pa.Array:
    """The chunk as a fixed-size list of floats."""
    width = _width(chunk, name, before, ids)
    return chunk if pa.types.is_fixed_size_list(chunk.type) else chunk.cast(pa.list_(pa.float32(), width or 0))


def _without_numbers(name: str) -> InputError:
    return InputError(f"column '{name}' holds vectors without a number", fix="drop the column, or embed again")


def _chunk_matrix(chunk: pa.Array) -> tuple[Matrix, Mask]:
    width = chunk.type.list_size
    if not chunk.null_count:  # the slice by hand, since Arrow's own functions cost an import that is felt
        values = chunk.values.slice(chunk.offset * width, len(chunk) * width)
        plain = np.asarray(values) if values.null_count else numbers_of(values)
        whole = np.asarray(plain, dtype=np.float32).reshape(len(chunk), width)
        return np.ascontiguousarray(whole), np.ones(len(chunk), bool)
    valid = np.asarray(chunk.is_valid())
    flat = np.asarray(chunk.flatten(), dtype=np.float32)  # honours the offset, drops nulls
    present = flat.reshape(int(valid.sum()), width)
    vectors = np.zeros((len(chunk), width), np.float32)
    vectors[valid] = present
    return vectors, valid

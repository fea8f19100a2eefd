"""Sizes of columns after conversion to plain layouts, checked before converting.

A dictionary, a run or a view says one value many times: a text of a megabyte, a million times, takes five megabytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_AT_ONCE = 1 << 20  # rows
Sizes = npt.NDArray[np.float64]


def plain_size(column: Any) -> int:
    """Bytes that a column takes in the plain layout, nearly."""
    return int(_total(column))


def view_size(column: Any) -> int:
    """Bytes of the texts that views name, which may be the same ones; 0 for other columns. Needs no valid texts."""
    return int(_view_lengths(column).sum()) if _is_view(column.type) else 0


def _total(column: Any) -> float:
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return _total(column.storage)
    if pa.types.is_dictionary(kind):
        sizes = _sizes(column.dictionary)
        parts = (column.indices.slice(start, _AT_ONCE) for start in range(0, len(column), _AT_ONCE))
        return sum(float(_taken(sizes, part).sum()) for part in parts)
    if pa.types.is_run_end_encoded(kind):
        sizes, lengths = _runs(column)
        return float(sizes @ lengths)
    if pa.types.is_struct(kind):
        return sum(_total(column.field(at)) for at in range(kind.num_fields))
    if pa.types.is_map(kind):
        first, count = column.offsets[0].as_py(), column.offsets[-1].as_py() - column.offsets[0].as_py()
        return sum(_total(one.slice(first, count)) for one in (column.keys, column.items)) + 4.0 * len(column)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _total(column.flatten()) + 4.0 * len(column)
    if _is_list_view(kind) or _is_view(kind) or pa.types.is_union(kind):
        return float(_sizes(column).sum())
    return float(column.nbytes)


def _sizes(column: Any) -> Sizes:
    """Bytes of each row."""
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return _sizes(column.storage)
    if pa.types.is_dictionary(kind):
        return (
            _taken(_sizes(column.dictionary), column.indices.fill_null(0))
            if len(column.dictionary)
            else np.zeros(len(column))
        )
    if pa.types.is_run_end_encoded(kind):
        sizes, lengths = _runs(column)
        return np.repeat(sizes, lengths)
    if _is_text(kind):
        import pyarrow.compute as pc  # takes long to import, and few tables come here

        return _numbers(pc.binary_length(column)) + 4.0
    if _is_view(kind):
        return _view_lengths(column) + 4.0
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return np.diff(_before(_sizes(column.values))[_numbers(column.offsets).astype(np.int64)]) + 4.0
    if _is_list_view(kind):
        before, starts = _before(_sizes(column.values)), _numbers(column.offsets).astype(np.int64)
        ends = starts + _numbers(column.sizes).astype(np.int64)
        valid = np.asarray(column.is_valid())
        return np.where(valid, before[np.where(valid, ends, 0)] - before[np.where(valid, starts, 0)], 0.0) + 4.0
    if pa.types.is_struct(kind):
        return sum((_sizes(column.field(at)) for at in range(kind.num_fields)), np.zeros(len(column)))
    if pa.types.is_union(kind):
        return _union_sizes(column)
    return np.full(len(column), column.nbytes / max(1, len(column)))


def _runs(column: Any) -> tuple[Sizes, npt.NDArray[np.int64]]:
    """Sizes of the values of the runs that a column has, and how often each stands there."""
    first, count = column.find_physical_offset(), column.find_physical_length()
    ends = np.minimum(_numbers(column.run_ends.slice(first, count)) - column.offset, len(column)).astype(np.int64)
    return _sizes(column.values.slice(first, count)), np.diff(ends, prepend=0)


def _union_sizes(column: Any) -> Sizes:
    codes, sizes = np.asarray(column.type_codes), np.zeros(len(column))
    at: Any = np.asarray(column.offsets) if column.type.mode == "dense" else np.arange(len(column))
    for number, code in enumerate(column.type.type_codes):
        of_kind = codes == code
        sizes[of_kind] = _sizes(column.field(number))[at[of_kind]]
    return sizes


def _view_lengths(column: Any) -> Sizes:
    """A view is 16 bytes, of which the first four are its length."""
    views = np.frombuffer(column.buffers()[1] or b"", "<i4").reshape(-1, 4)
    lengths = views[column.offset : column.offset + len(column), 0]
    return np.where(np.asarray(column.is_valid()), lengths, 0).astype(float)


def _taken(sizes: Sizes, indices: Any) -> Sizes:
    valid = np.asarray(indices.drop_null()).astype(np.int64)
    return sizes[valid]


def _numbers(column: Any) -> Sizes:
    return np.asarray(column.fill_null(0)).astype(float)


def _before(sizes: Sizes) -> Sizes:
    return np.concatenate([[0.0], np.cumsum(sizes)])


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )  # fmt: skip


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _is_list_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind))

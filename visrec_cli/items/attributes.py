"""Attributes from a column: one word, several, or a number per row."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from visrec_cli.tables.vectors import Mask

_NUMBERS = 20  # different numbers that are still names of things
_PARTS = 4


def words_of(column: pa.ChunkedArray) -> list[list[str]]:
    """The words of each row, sorted, none twice: ``A|B`` and lists are several, null and empty are none."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
        words_by_row = [[str(word) for word in row or () if word is not None] for row in column.to_pylist()]
    else:
        words_by_row = [(text or "").split("|") for text in column.cast(pa.string()).to_pylist()]
    return [sorted({word.strip() for word in some} - {""}) for some in words_by_row]


def masks_of(column: pa.ChunkedArray, weights: npt.NDArray[np.float64], most: int) -> tuple[dict[str, Mask], int]:
    """The rows of each word, (n,) bool, in the order of the words, and how many words there are.

    weights: (n,) what each row counts; kept are the ``most`` words of the largest sums above 0. More than 20 different
    numbers become four ranges that hold equally many.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        if len(np.unique(numbers[~np.isnan(numbers)])) > _NUMBERS:
            ranges = {name: rows for name, rows in _ranges(numbers).items() if weights[rows].any()}
            return ranges, len(ranges)
    words_by_row = words_of(column)
    rows = np.repeat(np.arange(len(words_by_row)), [len(some) for some in words_by_row])
    words, of = np.unique(np.array([word for some in words_by_row for word in some], dtype=object), return_inverse=True)
    sums = np.bincount(of, weights[rows], minlength=len(words))
    largest = np.argsort(-sums, kind="stable")[:most]
    masks = {}
    for at in np.sort(largest[sums[largest] > 0]):
        masks[str(words[at])] = np.zeros(len(words_by_row), bool)
        masks[str(words[at])][rows[of == at]] = True
    return masks, int((sums > 0).sum())


def _ranges(numbers: npt.NDArray[np.float64]) -> dict[str, Mask]:
    numeric = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[numeric], np.linspace(0, 1, _PARTS + 1)))
    which = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, max(len(edges) - 2, 0))
    return {f"{edges[at]:g} to {edges[at + 1]:g}": numeric & (which == at) for at in range(len(edges) - 1)}

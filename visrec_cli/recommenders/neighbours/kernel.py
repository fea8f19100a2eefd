"""Kernel: the k largest entries per row of a sparse matrix product, one row per thread at a time.

Rows are independent, so that the result does not depend on the number of threads.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.kernels.compilation import Columns, Floats, Whole, inlined, sequential
from visrec_cli.recommenders.kernels.memory_prefetch import LINE, prefetch
from visrec_cli.recommenders.kernels.parallel import share
from visrec_cli.recommenders.kernels.sparse_rows import Rows

Reals = npt.NDArray[np.float64]

_RUN = 64  # sums that are checked together: usually none of them is large enough
_DENSE = 4  # a row with more products than a fourth of the columns is summed without recording which were touched
_AHEAD = 4  # rows of z that are being prefetched,
_FAR = 128  # and how many of their entries: the processor fetches the following ones by itself
_STRIDE = LINE // 4


class NeighbourLinks(NamedTuple):
    """The links of some rows, in no particular order. Of row i, the first ``counts[i]`` cells are filled.

    Attributes
    ----------
    values : Floats
        (rows, k) similarities.
    columns : Columns
        (rows, k) column numbers.
    counts : Whole
        (rows,) number of links.
    """

    values: Floats
    columns: Columns
    counts: Whole


@inlined
def _kth(numbers, count, k):  # type: ignore[no-untyped-def]
    """The k-th largest of the first ``count`` numbers, which are reordered (quickselect; Hoare 1961)."""
    low, high = 0, count - 1
    while low < high:
        pivot = numbers[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while numbers[i] > pivot:
                i += 1
            while numbers[j] < pivot:
                j -= 1
            if i <= j:
                numbers[i], numbers[j] = numbers[j], numbers[i]
                i += 1
                j -= 1
        if k - 1 <= j:
            high = j
        elif k - 1 >= i:
            low = i
        else:
            break
    return numbers[k - 1]


@inlined
def _cut(values, columns, sizes, count, k):  # type: ignore[no-untyped-def]
    """Move the k largest of ``count`` links to the front, the first ones of ties. Returns the smallest kept size."""
    for at in range(count):
        sizes[at] = abs(values[at])
    floor = _kth(sizes, count, k)
    equals = k
    for at in range(count):
        equals -= abs(values[at]) > floor
    kept = 0
    for at in range(count):
        size = abs(values[at])
        if size > floor or (size == floor and equals > 0):
            equals -= size == floor
            values[kept], columns[kept] = values[at], columns[at]
            kept += 1
    return floor


@inlined
def _add_up(begin, end, inner, data, starts, others, weights, dense, sums, seen):  # type: ignore[no-untyped-def]
    """Add a row of the product to ``sums`` (columns,).

    Unless ``dense``, list the touched columns in ``seen``. Returns their number.
    """
    touched = 0
    for place in range(begin, end):
        coming = inner[min(place + _AHEAD, len(inner) - 1)]
        for at in range(starts[coming], min(starts[coming + 1], starts[coming] + _FAR), _STRIDE):
            prefetch(others, at)
            prefetch(weights, at)
        middle, weight = inner[place], np.float64(data[place])
        if dense:
            for at in range(starts[middle], starts[middle + 1]):
                sums[others[at]] += weight * weights[at]
        else:
            for at in range(starts[middle], starts[middle + 1]):
                other = others[at]
                seen[touched] = other  # overwritten by the next one if it is there already: faster than a branch
                touched += sums[other] == 0
                sums[other] += weight * weights[at]
    return touched


@inlined
def _select(size, dense, sums, seen, norms, other_norms, shrinkage, k, values, columns, sizes):  # type: ignore[no-untyped-def]
    """Move the largest of ``sums`` to values and columns (2k,), and set ``sums`` to zero. Returns their number."""
    count, floor = 0, 0.0
    for first in range(0, size, _RUN):
        last = min(first + _RUN, size)
        most = 0.0
        if dense:
            for other in range(first, last):
                most = max(most, abs(sums[other]) - floor * (norms * other_norms[other] + shrinkage))
        if dense and most <= 0:
            for other in range(first, last):
                sums[other] = 0
        else:
            for at in range(first, last):
                other = at if dense else seen[at]
                product, scale = sums[other], norms * other_norms[other] + shrinkage
                sums[other] = 0
                if abs(product) > floor * scale:
                    values[count], columns[count] = product / scale, other
                    count += 1
                    if count == 2 * k:
                        floor = _cut(values, columns, sizes, count, k)
                        count = k
    if count > k:
        _cut(values, columns, sizes, count, k)
        count = k
    return count


@sequential
def _link_rows(
    first: int,
    last: int,
    indptr: Whole,
    inner: Columns,
    data: Floats,
    starts: Whole,
    others: Columns,
    weights: Floats,
    norms: Reals,
    other_norms: Reals,
    shrinkage: float,
    itself: Whole,
    found: Floats,
    found_columns: Columns,
    counts: Whole,
) -> None:
    width, k = len(other_norms), found.shape[1]
    sums, seen = np.zeros(width), np.empty(width // _DENSE + 1, np.int32)
    values, columns, sizes = np.empty(2 * k), np.empty(2 * k, np.int32), np.empty(2 * k)
    for row in range(first, last):
        begin, end = indptr[row], indptr[row + 1]
        products = 0
        for place in range(begin, end):
            products += starts[inner[place] + 1] - starts[inner[place]]
        dense = products >= len(seen)
        touched = _add_up(begin, end, inner, data, starts, others, weights, dense, sums, seen)
        if itself[row] >= 0:
            sums[itself[row]] = 0
        size = width if dense else touched
        count = _select(size, dense, sums, seen, norms[row], other_norms, shrinkage, k, values, columns, sizes)
        counts[row] = count
        for at in range(count):
            found[row, at], found_columns[row, at] = values[at], columns[at]


def link(x: Rows, z: Rows, k: int, norms: Reals, other_norms: Reals, shrinkage: float, itself: Whole) -> NeighbourLinks:
    """For each row i of x, find the k columns j of z with the largest similarity by size.

        s(i, j) = sum over u of x(i, u) · z(u, j) / (norms(i) · other_norms(j) + shrinkage)

    Similarities of 0 are left out, and so is j = itself(i).

    Parameters
    ----------
    x : Rows
        The rows.
    z : Rows
        The other rows, transposed.
    k : int
        Largest number of links per row.
    norms : Reals
        (rows of x,) divisors.
    other_norms : Reals
        (columns of z,) divisors.
    shrinkage : float
        Added to the divisor.
    itself : Whole
        (rows of x,) column that is the row itself; -1 for none.

    Returns
    -------
    NeighbourLinks
        The links.
    """
    size = len(x.indptr) - 1
    links = NeighbourLinks(np.empty((size, k), np.float32), np.empty((size, k), np.int32), np.zeros(size, np.int64))
    arguments = (*x[1:], *z[1:], norms, other_norms, shrinkage, itself, *links)
    share(x.tasks, lambda first, last: _link_rows(first, last, *arguments))
    return links

"""Kernel: the k largest entries per row of a sparse matrix product, one row per thread at a time.

Rows do not touch each other: the answer does not depend on the number of threads.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.kernels.compilation import Columns, Floats, Whole, inlined, sequential
from visrec_cli.recommenders.kernels.memory_prefetch import LINE, prefetch
from visrec_cli.recommenders.kernels.parallel import share
from visrec_cli.recommenders.kernels.sparse_rows import Rows

Reals = npt.NDArray[np.float64]

_RUN = 64  # sums that are looked at together: mostly none of them is strong enough
_DENSE = 4  # a row with more products than a fourth of the columns is added up without noting which were touched
_AHEAD = 4  # rows of z that are on their way from memory,
_FAR = 128  # and how many of their entries: what follows is fetched without asking
_STRIDE = LINE // 4


class NeighbourLinks(NamedTuple):
    """values, columns: (rows, k), of which the first counts[i] of row i are filled in, in no order."""

    values: Floats
    columns: Columns
    counts: Whole


@inlined
def _kth(numbers, count, k):  # type: ignore[no-untyped-def]
    """The k-th largest of the first ``count``, which are left in another order (quickselect; Hoare 1961)."""
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
    """Move the k strongest of ``count`` links to the front; of equals, those that came first. Returns the least size
    among them."""
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
    """Add a row of the product to ``sums`` (columns,). Unless ``dense``, fills ``seen`` with the columns that were
    touched, and returns how many."""
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
                seen[touched] = other  # to be overwritten if it is there already: quicker than to jump or not
                touched += sums[other] == 0
                sums[other] += weight * weights[at]
    return touched


@inlined
def _select(size, dense, sums, seen, own, theirs, shrinkage, k, values, columns, sizes):  # type: ignore[no-untyped-def]
    """Put the strongest of ``sums`` into values and columns (2k,), and zeros into ``sums``. Returns how many."""
    count, floor = 0, 0.0
    for first in range(0, size, _RUN):
        last = min(first + _RUN, size)
        most = 0.0
        if dense:
            for other in range(first, last):
                most = max(most, abs(sums[other]) - floor * (own * theirs[other] + shrinkage))
        if dense and most <= 0:
            for other in range(first, last):
                sums[other] = 0
        else:
            for at in range(first, last):
                other = at if dense else seen[at]
                product, scale = sums[other], own * theirs[other] + shrinkage
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
    own: Reals,
    theirs: Reals,
    shrinkage: float,
    itself: Whole,
    found: Floats,
    whose: Columns,
    counts: Whole,
) -> None:
    width, k = len(theirs), found.shape[1]
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
        count = _select(size, dense, sums, seen, own[row], theirs, shrinkage, k, values, columns, sizes)
        counts[row] = count
        for at in range(count):
            found[row, at], whose[row, at] = values[at], columns[at]


def link(x: Rows, z: Rows, k: int, own: Reals, theirs: Reals, shrinkage: float, itself: Whole) -> NeighbourLinks:
    """For each row i of x the k columns j of z with the largest size of

        s(i, j) = sum over u of x(i, u) · z(u, j) / (own(i) · theirs(j) + shrinkage)

    without those that are 0, and without j = itself(i); itself: (rows of x,), -1 for none.
    """
    size = len(x.indptr) - 1
    links = NeighbourLinks(np.empty((size, k), np.float32), np.empty((size, k), np.int32), np.zeros(size, np.int64))
    arguments = (*x[1:], *z[1:], own, theirs, shrinkage, itself, *links)
    share(x.tasks, lambda first, last: _link_rows(first, last, *arguments))
    return links

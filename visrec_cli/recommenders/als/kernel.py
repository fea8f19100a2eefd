"""Kernel of ALS: with one side fixed, solve a small linear system for each row of the other.

For row u with entries j in S(u), weights w and targets t, over the fixed factors y (n, f) and their base B (f, f):

    A_u x_u = b_u,   A_u = B + reg_u I + sum_j w_j y_j y_jᵀ,   b_u = sum_j w_j t_j y_j

Rows are independent, so that the result does not depend on the number of threads.
"""

import numpy as np

from visrec_cli.recommenders.kernels.compilation import Columns, Floats, Whole, inlined, sequential
from visrec_cli.recommenders.kernels.memory_prefetch import LINE, prefetch
from visrec_cli.recommenders.kernels.parallel import share

_AHEAD = 8  # entries whose factors are being prefetched
_STRIDE = LINE // 4


@inlined
def _rest(aim, plain, others, weights, columns, begin, end, vector, out):  # type: ignore[no-untyped-def]
    """out = sum_j w_j aim y_j - A · vector, without forming A; plain: the diagonal B + reg I.

    Returns sum_j w_j (aim - y_j · vector)² + vectorᵀ (B + reg I) vector. Four entries are processed together, so that
    ``out`` is read and written once for them, while the next ones are prefetched.
    """
    width = len(vector)
    total = np.float32(0)
    for a in range(width):
        out[a] = -plain[a] * vector[a]
        total -= out[a] * vector[a]
    place = begin
    while place + 4 <= end:
        for at in range(place + _AHEAD, min(place + _AHEAD + 4, len(columns))):
            coming = others[columns[at]]
            for a in range(0, width, _STRIDE):
                prefetch(coming, a)
        p, q = others[columns[place]], others[columns[place + 1]]
        r, s = others[columns[place + 2]], others[columns[place + 3]]
        of_p, of_q, of_r, of_s = aim, aim, aim, aim
        for a in range(width):
            value = vector[a]
            of_p -= p[a] * value
            of_q -= q[a] * value
            of_r -= r[a] * value
            of_s -= s[a] * value
        by_p, by_q = weights[place] * of_p, weights[place + 1] * of_q
        by_r, by_s = weights[place + 2] * of_r, weights[place + 3] * of_s
        total += by_p * of_p + by_q * of_q + by_r * of_r + by_s * of_s
        for a in range(width):
            out[a] += by_p * p[a] + by_q * q[a] + by_r * r[a] + by_s * s[a]
        place += 4
    while place < end:
        p, of_p = others[columns[place]], aim
        for a in range(width):
            of_p -= p[a] * vector[a]
        by_p = weights[place] * of_p
        total += by_p * of_p
        for a in range(width):
            out[a] += by_p * p[a]
        place += 1
    return total


@sequential
def _step_rows(
    first: int,
    last: int,
    indptr: Whole,
    columns: Columns,
    weights: Floats,
    others: Floats,
    base: Floats,
    regs: Floats,
    steps: int,
    rows: Floats,
    objective: Floats,
) -> None:
    width = rows.shape[1]
    plain = np.empty(width, np.float32)
    left = np.empty(width, np.float32)
    along = np.empty(width, np.float32)
    image = np.empty(width, np.float32)
    for row in range(first, last):
        begin, end = indptr[row], indptr[row + 1]
        x = rows[row]
        for a in range(width):
            plain[a] = max(base[a] + regs[row], np.float32(1e-12))
        total = _rest(np.float32(1), plain, others, weights, columns, begin, end, x, left)
        size = np.float32(0)
        for a in range(width):
            along[a] = left[a] / plain[a]
            size += left[a] * along[a]
        for _ in range(steps):
            if size < np.float32(1e-20):
                break
            curve = _rest(np.float32(0), plain, others, weights, columns, begin, end, along, image)
            pace = size / curve
            total -= pace * size
            before, size = size, np.float32(0)
            for a in range(width):
                x[a] += pace * along[a]
                left[a] += pace * image[a]
                size += left[a] * left[a] / plain[a]
            turn = size / before
            for a in range(width):
                along[a] = left[a] / plain[a] + turn * along[a]
        objective[row] = total


def step(
    tasks: Whole,
    indptr: Whole,
    columns: Columns,
    weights: Floats,
    others: Floats,
    base: Floats,
    regs: Floats,
    steps: int,
    rows: Floats,
) -> Floats:
    """Improve one side in place by a few steps of conjugate gradients, with all targets 1 and a diagonal base B.

    With B + reg I as preconditioner, the remaining matrix has the rank of the row's number of entries, so that a row
    with few entries is solved exactly in one step more than it has entries.

    Parameters
    ----------
    tasks : Whole
        (t + 1,) limits of the runs of rows that threads take.
    indptr : Whole
        (n + 1,) first entry of each row.
    columns : Columns
        (entries,) column of each entry.
    weights : Floats
        (entries,) weight of each entry.
    others : Floats
        (m, f) fixed factors.
    base : Floats
        (f,) diagonal of B.
    regs : Floats
        (n,) regularisation of each row.
    steps : int
        Number of steps.
    rows : Floats
        (n, f) factors to improve; changed in place.

    Returns
    -------
    Floats
        (n,) least squares objective of each row after the steps, sum_j w_j (1 - y_j·x)² + xᵀ(B + reg I)x.

    References
    ----------
    Takács, Pilászy & Tikk 2011 (conjugate gradients from the previous solution).
    """
    objective = np.empty(len(rows), np.float32)
    arguments = (indptr, columns, weights, others, base, regs, steps, rows, objective)
    share(tasks, lambda first, last: _step_rows(first, last, *arguments))
    return objective


@inlined
def _cholesky(matrix, x) -> None:  # type: ignore[no-untyped-def]
    """Solve matrix · z = x for z, in place of x; the lower half of ``matrix`` becomes its factor."""
    width = len(x)
    for a in range(width):
        for b in range(a + 1):
            value = matrix[a, b]
            for c in range(b):
                value -= matrix[a, c] * matrix[b, c]
            if a == b:
                matrix[a, a] = np.sqrt(max(value, np.float32(1e-12)))
            else:
                matrix[a, b] = value / matrix[b, b]
    for a in range(width):
        for c in range(a):
            x[a] -= matrix[a, c] * x[c]
        x[a] /= matrix[a, a]
    for a in range(width - 1, -1, -1):
        x[a] /= matrix[a, a]
        for c in range(a):
            x[c] -= matrix[a, c] * x[a]


@sequential
def _solve_rows(
    first: int,
    last: int,
    indptr: Whole,
    columns: Columns,
    weights: Floats,
    targets: Floats,
    others: Floats,
    base: Floats,
    regs: Floats,
    rows: Floats,
) -> None:
    width = rows.shape[1]
    matrix = np.empty((width, width), np.float32)
    for row in range(first, last):
        begin, end = indptr[row], indptr[row + 1]
        x = rows[row]
        for a in range(width):
            x[a] = 0
            for b in range(a + 1):
                matrix[a, b] = base[a, b]
            matrix[a, a] += regs[row]
        for place in range(begin, end):
            other, weight, target = others[columns[place]], weights[place], targets[place]
            for a in range(width):
                weighted = weight * other[a]
                x[a] += weighted * target
                line = matrix[a]
                for b in range(a + 1):
                    line[b] += weighted * other[b]
        if end > begin:
            _cholesky(matrix, x)


def solve(
    tasks: Whole,
    indptr: Whole,
    columns: Columns,
    weights: Floats,
    targets: Floats,
    others: Floats,
    base: Floats,
    regs: Floats,
    rows: Floats,
) -> None:
    """Set ``rows`` to the exact solutions, by Cholesky decomposition; rows without entries become zeros.

    Parameters
    ----------
    tasks : Whole
        (t + 1,) limits of the runs of rows that threads take.
    indptr : Whole
        (n + 1,) first entry of each row.
    columns : Columns
        (entries,) column of each entry.
    weights : Floats
        (entries,) weight of each entry.
    targets : Floats
        (entries,) target of each entry.
    others : Floats
        (m, f) fixed factors.
    base : Floats
        (f, f) B.
    regs : Floats
        (n,) regularisation of each row.
    rows : Floats
        (n, f) overwritten with the solutions.
    """
    others = np.ascontiguousarray(others)  # hybrid passes slices of rows; another layout would be compiled anew
    arguments = (indptr, columns, weights, targets, others, base, regs, rows)
    share(tasks, lambda first, last: _solve_rows(first, last, *arguments))

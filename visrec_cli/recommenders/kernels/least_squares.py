"""One half of alternating least squares: with one side fixed, every row of the other has its own small linear system.

For row u with entries j in S(u), weights w and targets t, over the fixed factors y (n, f) and their base B (f, f):

    A_u x_u = b_u,   A_u = B + reg_u I + sum_j w_j y_j y_jᵀ,   b_u = sum_j w_j t_j y_j

Rows do not touch each other: the answer does not depend on the number of threads.
"""

import numpy as np
import numpy.typing as npt
from numba import prange

from visrec_cli.recommenders.kernels.compiling import compiled, inlined

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Columns = npt.NDArray[np.int32]


@inlined
def _times(plain, others, weights, columns, begin, end, vector, out) -> None:  # type: ignore[no-untyped-def]
    """out = A · vector, without forming the matrix; plain: the diagonal B + reg I."""
    width = len(vector)
    for a in range(width):
        out[a] = plain[a] * vector[a]
    for place in range(begin, end):
        other = others[columns[place]]
        dot = np.float32(0)
        for a in range(width):
            dot += other[a] * vector[a]
        dot *= weights[place]
        for a in range(width):
            out[a] += dot * other[a]


@inlined
def _step_rows(first, last, indptr, columns, weights, others, base, regs, steps, rows, objective) -> None:  # type: ignore[no-untyped-def]
    width = rows.shape[1]
    plain = np.empty(width, np.float32)
    target = np.empty(width, np.float32)
    left = np.empty(width, np.float32)
    along = np.empty(width, np.float32)
    image = np.empty(width, np.float32)
    for row in range(first, last):
        begin, end = indptr[row], indptr[row + 1]
        x = rows[row]
        total = np.float32(0)
        for a in range(width):
            plain[a] = max(base[a] + regs[row], np.float32(1e-12))
            target[a] = 0
        for place in range(begin, end):
            other, weight = others[columns[place]], weights[place]
            total += weight
            for a in range(width):
                target[a] += weight * other[a]
        _times(plain, others, weights, columns, begin, end, x, image)
        size = np.float32(0)
        for a in range(width):
            left[a] = target[a] - image[a]
            along[a] = left[a] / plain[a]
            size += left[a] * along[a]
        for _ in range(steps):
            if size < np.float32(1e-20):
                break
            _times(plain, others, weights, columns, begin, end, along, image)
            curve = np.float32(0)
            for a in range(width):
                curve += along[a] * image[a]
            pace = size / curve
            before, size = size, np.float32(0)
            for a in range(width):
                x[a] += pace * along[a]
                left[a] -= pace * image[a]
                size += left[a] * left[a] / plain[a]
            turn = size / before
            for a in range(width):
                along[a] = left[a] / plain[a] + turn * along[a]
        for a in range(width):  # xᵀAx = xᵀ(b - left)
            total -= x[a] * (target[a] + left[a])
        objective[row] = total


@compiled
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
    """Improve ``rows`` (n, f) in place by a few steps of conjugate gradients, with all targets 1 and B diagonal.

    base: (f,) that diagonal. With B + reg I as preconditioner, what is left is a matrix whose rank is the number of the
    row's entries, so a row with few entries is solved exactly in as many steps and one.

    Returns (n,): the least squares objective of each row where it now stands, sum_j w_j + xᵀAx - 2bᵀx. Source: Takács,
    Pilászy & Tikk 2011 (conjugate gradients from the previous solution).
    """
    objective = np.empty(len(rows), np.float32)
    for task in prange(len(tasks) - 1):
        first, last = tasks[task], tasks[task + 1]
        _step_rows(first, last, indptr, columns, weights, others, base, regs, steps, rows, objective)
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


@inlined
def _solve_rows(first, last, indptr, columns, weights, targets, others, base, regs, rows) -> None:  # type: ignore[no-untyped-def]
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


@compiled
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
    """Set ``rows`` (n, f) to the exact solutions, by Cholesky; rows without entries become zeros."""
    for task in prange(len(tasks) - 1):
        first, last = tasks[task], tasks[task + 1]
        _solve_rows(first, last, indptr, columns, weights, targets, others, base, regs, rows)

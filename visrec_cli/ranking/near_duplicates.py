"""Near-duplicates among queries and results."""

import numpy as np
import numpy.typing as npt

from visrec_cli.tables.vectors import Mask, Matrix

Groups = npt.NDArray[np.int64]


def repeats(vectors: Matrix, groups: Groups, query_vectors: Matrix, query_groups: Groups, *, threshold: float) -> Mask:
    """Find candidates that repeat the query, or a better candidate that is kept.

    Two items repeat each other if they are in the same group of known duplicates, or if their cosine reaches the
    threshold.

    Parameters
    ----------
    vectors : Matrix
        (m, d) float32, rows of length 1; best candidate first.
    groups : Groups
        (m,) group of each candidate.
    query_vectors : Matrix
        (a, d) float32, rows of length 1: the query's own items or pictures; a may be 0.
    query_groups : Groups
        (a,) their groups.
    threshold : float
        Cosine; above 1, only groups are compared.

    Returns
    -------
    Mask
        (m,) which candidates are repetitions.
    """
    repeated = (groups[:, None] == query_groups).any(axis=1)
    if len(query_vectors):
        repeated |= (vectors @ query_vectors.T).max(axis=1) >= threshold
    same = (vectors @ vectors.T >= threshold) | (groups[:, None] == groups[None, :])
    same = np.tril(same, -1)  # row i: the better candidates that i repeats
    for candidate in np.flatnonzero(same.any(axis=1)):
        repeated[candidate] |= bool((same[candidate] & ~repeated).any())
    return repeated


def with_twins(has: Mask, groups: Groups) -> Mask:
    """(n, m) True where ``has``, (n, m), is True for any column of the same group; groups: (m,)."""
    _, numbers = np.unique(groups, return_inverse=True)
    rows, columns = np.nonzero(has)
    touched = np.zeros((len(has), numbers.max(initial=-1) + 1), bool)
    touched[rows, numbers[columns]] = True
    return touched[:, numbers]


def leave_best_of_group(scores: Matrix, groups: Groups, tie_order: Groups) -> None:
    """Keep only the best candidate of each group, in place.

    Parameters
    ----------
    scores : Matrix
        (n, m) float32, -inf where there is no candidate; overwritten.
    groups : Groups
        (m,) group of each column.
    tie_order : Groups
        (m,) order of columns with equal scores; the smallest is kept.
    """
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    grouped = np.flatnonzero(sizes[numbers] > 1)
    if not len(grouped):
        return
    grouped = grouped[np.lexsort((tie_order[grouped], numbers[grouped]))]
    starts = np.flatnonzero(np.diff(numbers[grouped], prepend=-1))
    widths = np.diff([*starts, len(grouped)])
    within = scores[:, grouped]
    best = within == np.repeat(np.maximum.reduceat(within, starts, axis=1), widths, axis=1)
    so_far = np.cumsum(best, axis=1)
    before = so_far[:, starts] - best[:, starts]
    first = best & (so_far - np.repeat(before, widths, axis=1) == 1)
    scores[:, grouped] = np.where(first, within, -np.inf)

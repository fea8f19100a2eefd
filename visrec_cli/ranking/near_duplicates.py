"""Near-duplicates among queries and answers."""

import numpy as np
import numpy.typing as npt

from visrec_cli.tables.vectors import Mask, Matrix

Groups = npt.NDArray[np.int64]


def repeats(vectors: Matrix, groups: Groups, asked: Matrix, asked_groups: Groups, *, threshold: float) -> Mask:
    """(m,) bool: which candidates repeat what was asked about, or a better candidate that is itself kept.

    Two items repeat each other when they are in one group of known duplicates or when their cosine reaches
    ``threshold``. vectors: (m, d) of length 1, best candidate first. groups: (m,). asked: (a, d) vectors of the
    query's own items or pictures, a may be 0; asked_groups: their groups. A threshold above 1 compares groups only.
    """
    repeated = (groups[:, None] == asked_groups).any(axis=1)
    if len(asked):
        repeated |= (vectors @ asked.T).max(axis=1) >= threshold
    same = (vectors @ vectors.T >= threshold) | (groups[:, None] == groups[None, :])
    same = np.tril(same, -1)  # row i: the better candidates that i repeats
    for candidate in np.flatnonzero(same.any(axis=1)):
        repeated[candidate] |= bool((same[candidate] & ~repeated).any())
    return repeated


def with_twins(has: Mask, groups: Groups) -> Mask:
    """(n, m) bool: what each of n has, and whatever shares a group with it. has: (n, m); groups: (m,)."""
    _, numbers = np.unique(groups, return_inverse=True)
    rows, columns = np.nonzero(has)
    touched = np.zeros((len(has), numbers.max(initial=-1) + 1), bool)
    touched[rows, numbers[columns]] = True
    return touched[:, numbers]


def leave_best_of_group(scores: Matrix, groups: Groups, lots: Groups) -> None:
    """Of each group only the best stays a candidate, in place; of equals the one whose lot is least.

    scores: (n, m), -inf is no candidate. groups, lots: (m,).
    """
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    several = np.flatnonzero(sizes[numbers] > 1)
    if not len(several):
        return
    several = several[np.lexsort((lots[several], numbers[several]))]
    starts = np.flatnonzero(np.diff(numbers[several], prepend=-1))
    widths = np.diff([*starts, len(several)])
    among = scores[:, several]
    best = among == np.repeat(np.maximum.reduceat(among, starts, axis=1), widths, axis=1)
    sofar = np.cumsum(best, axis=1)
    before = sofar[:, starts] - best[:, starts]
    first = best & (sofar - np.repeat(before, widths, axis=1) == 1)
    scores[:, several] = np.where(first, among, -np.inf)

"""Answers that only repeat the question, or each other."""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Groups = npt.NDArray[np.int64]


def repeats(
    vectors: Matrix, groups: Groups, asked: Matrix, asked_groups: Groups, *, threshold: float
) -> npt.NDArray[np.bool_]:
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

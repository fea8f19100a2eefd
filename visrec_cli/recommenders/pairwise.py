"""Sampling of pairs: an item that a user interacted with, and one without interaction."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Pairs = npt.NDArray[np.int32]
_TRIES = 20


def draw_pairs(matrix: sp.csr_matrix, candidates: npt.NDArray[np.int64], rng: np.random.Generator) -> Pairs:
    """Draw an item without interaction for each interaction of a user, in random order.

    Parameters
    ----------
    matrix : sp.csr_matrix
        (users, items) csr with sorted indices.
    candidates : npt.NDArray[np.int64]
        (m,) columns from which items without interaction are drawn, with equal probability.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Pairs
        (≤ nnz, 3) user, item with interaction, item without. Interactions of users who have nearly all candidates may
        be missing.
    """
    width = matrix.shape[1]
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    touched = rows * width + matrix.indices  # sorted
    drawn = candidates[rng.integers(0, len(candidates), len(rows))] if len(candidates) else np.zeros_like(rows)
    bad = np.arange(len(rows))
    for _ in range(_TRIES):
        wanted = rows[bad] * width + drawn[bad]
        places = np.searchsorted(touched, wanted)
        bad = bad[touched[np.minimum(places, len(touched) - 1)] == wanted] if len(touched) else bad
        if not len(bad):
            break
        drawn[bad] = candidates[rng.integers(0, len(candidates), len(bad))]
    pairs = np.stack([rows, matrix.indices, drawn], axis=1).astype(np.int32)
    kept = np.ones(len(rows), bool)
    kept[bad] = False
    return pairs[kept][rng.permutation(int(kept.sum()))]

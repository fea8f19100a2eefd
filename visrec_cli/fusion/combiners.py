"""Combination of vector blocks: concatenation or mean."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.tables.vectors import Mask, Matrix


def concat(blocks: Sequence[Matrix], present: Sequence[Mask], weights: Sequence[float]) -> Matrix:
    """Concatenate blocks, each multiplied by its weight.

    For rows of length 1, the inner product of two results is the sum of weight² · cosine over the blocks.

    Parameters
    ----------
    blocks : Sequence[Matrix]
        (n, d) float32 vectors of each block; missing rows are zeros (and contribute nothing) or filled.
    present : Sequence[Mask]
        (n,) of each block; ignored.
    weights : Sequence[float]
        One weight per block.

    Returns
    -------
    Matrix
        (n, sum of d) float32.
    """
    del present
    return np.concatenate([w * block for block, w in zip(blocks, weights, strict=True)], axis=1, dtype=np.float32)


def mean(blocks: Sequence[Matrix], present: Sequence[Mask], weights: Sequence[float]) -> Matrix:
    """Compute the weighted mean over the blocks that each row has.

    Parameters
    ----------
    blocks : Sequence[Matrix]
        (n, d) float32 vectors of each block, all in one space.
    present : Sequence[Mask]
        (n,) which rows have the block.
    weights : Sequence[float]
        One weight per block.

    Returns
    -------
    Matrix
        (n, d) float32.
    """
    total = sum(w * block for block, w in zip(blocks, weights, strict=True))
    share = sum(w * valid.astype(np.float32) for valid, w in zip(present, weights, strict=True))
    result: Matrix = np.asarray(total / np.maximum(share, 1e-12)[:, None], dtype=np.float32)
    return result

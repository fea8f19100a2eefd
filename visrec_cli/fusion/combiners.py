"""Combination of vector blocks: concatenation or mean."""

from collections.abc import Sequence

import numpy as np

from visrec_cli.tables.vectors import Mask, Matrix


def concat(blocks: Sequence[Matrix], present: Sequence[Mask], weights: Sequence[float]) -> Matrix:
    """Side by side, each block times its weight: (n, sum of d).

    After rows of length 1 went in, the inner product of two results is the sum of weight² · cosine over the blocks.
    A missing block must come as zeros (it then says nothing) or filled.
    """
    del present
    return np.concatenate([w * block for block, w in zip(blocks, weights, strict=True)], axis=1, dtype=np.float32)


def mean(blocks: Sequence[Matrix], present: Sequence[Mask], weights: Sequence[float]) -> Matrix:
    """The weighted mean over the blocks that each row has: (n, d). Blocks must share one dimension and one space."""
    total = sum(w * block for block, w in zip(blocks, weights, strict=True))
    share = sum(w * valid.astype(np.float32) for valid, w in zip(present, weights, strict=True))
    result: Matrix = np.asarray(total / np.maximum(share, 1e-12)[:, None], dtype=np.float32)
    return result

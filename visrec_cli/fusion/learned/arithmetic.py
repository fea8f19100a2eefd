"""Formulas that run in numpy and in torch: ``xp`` is either, so that training and application share their code."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from visrec_cli.tables.vectors import Matrix

_TINY, _NEVER = 1e-12, -1e9


def unit(xp: Any, vectors: Any) -> Any:
    """Rows (last axis) scaled to length 1; zeros stay zeros."""
    return vectors / xp.sqrt((vectors * vectors).sum(-1) + _TINY)[..., None]


def heads(xp: Any, weights: Any, blocks: Sequence[Any]) -> list[Any]:
    """Map every modality linearly into one space: x_m W_m + b_m, (n, k) each."""
    return [block @ weights[f"head:{m}"] + weights[f"bias:{m}"] for m, block in enumerate(blocks)]


def head_shapes(widths: Sequence[int], dimension: int) -> dict[str, Sequence[int]]:
    """Shapes of the parameters of ``heads``, for blocks of these widths."""
    maps = {f"head:{m}": (width, dimension) for m, width in enumerate(widths)}
    return {**maps, **{f"bias:{m}": (dimension,) for m in range(len(widths))}}


def softmax_over_parts(xp: Any, scores: Any, present: Any) -> Any:
    """Softmax over axis 1 of (n, parts, …) scores, among the parts that are present (0 or 1); zeros without any."""
    scores = xp.where(present > 0, scores, scores * 0 + _NEVER)
    exponentials = xp.exp(scores - xp.amax(scores, 1)[:, None]) * present
    return exponentials / (exponentials.sum(1) + _TINY)[:, None]


def mean_over_parts(xp: Any, vectors: Any, present: Any) -> Any:
    """(n, k) mean over the parts that are present, of (n, parts, k) vectors and an (n, parts) mask."""
    return (vectors * present[..., None]).sum(1) / (present.sum(1) + _TINY)[:, None]


def principal(vectors: Matrix, most: int) -> tuple[Matrix, Matrix]:
    """The mean (d,) and the first principal axes (d, at most ``most``), scaled so that the mean squared length is 1."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    variance, axes = np.linalg.eigh(centred.T @ centred / max(len(vectors), 1))
    keep = np.flatnonzero(variance[::-1] > 1e-9 * max(variance[-1], 1e-12))[:most]
    variance, axes = variance[::-1][keep], axes[:, ::-1][:, keep]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # signs are arbitrary: fix them
    scale = np.sqrt(max(variance.sum(), 1e-12))
    return mean.astype(np.float32), (axes / scale).astype(np.float32)

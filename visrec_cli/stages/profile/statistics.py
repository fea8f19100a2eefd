"""Significance tests of shares and changes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visrec_cli.metrics.significance import SIGNIFICANT, holm
from visrec_cli.tables.vectors import Mask, Matrix

__all__ = ["HALF", "SIGNIFICANT", "ShareChange", "changed", "drift_of", "surely"]

Shares = npt.NDArray[np.float64]
HALF = 5
"""Items of each half of a history from which a change is spoken of."""
SHUFFLES = 999


@dataclass(frozen=True)
class ShareChange:
    """distance: 1 - cosine of the middles of the early and the late half. chance: its mean over shuffled orders.

    p: the share of orders, the true one with them, that drift at least as far.
    """

    distance: float
    chance: float
    p: float

    @property
    def holds(self) -> bool:
        """Whether it is more than chance."""
        return self.p < SIGNIFICANT


def surely(counts: npt.NDArray[np.int64], n: int, everyone: Shares) -> list[str | None]:
    """Of each category "more", "less" or None: whether ``counts`` of n differ from everyone's shares.

    Exact binomial tests, two-sided, at 5 % after Holm's correction for all categories.
    """
    from scipy.stats import binomtest

    ps = [binomtest(int(k), n, min(float(p), 1.0)).pvalue for k, p in zip(counts, everyone, strict=True)]
    return _words(holm(ps), counts / max(n, 1) - everyone, ("more", "less"))


def changed(early: npt.NDArray[np.int64], late: npt.NDArray[np.int64], n_early: int, n_late: int) -> list[str | None]:
    """Of each category "rose", "fell" or None: Fisher's exact test of its counts in both halves, after Holm."""
    from scipy.stats import fisher_exact

    ps = [fisher_exact([[a, n_early - a], [b, n_late - b]]).pvalue for a, b in zip(early, late, strict=True)]
    return _words(holm(ps), late / max(n_late, 1) - early / max(n_early, 1), ("rose", "fell"))


def drift_of(vectors: Matrix, *, seed: int = 0) -> ShareChange:
    """How far the taste moved between the halves of (n, d) unit vectors, oldest first."""
    rng = np.random.default_rng(seed)
    early = np.arange(len(vectors)) < len(vectors) // 2
    orders = np.stack([early, *(rng.permutation(early) for _ in range(SHUFFLES))])
    far = _distances(vectors.astype(np.float64), orders)
    return ShareChange(float(far[0]), float(far[1:].mean()), float((far >= far[0] - 1e-9).mean()))


def _distances(vectors: Shares, early: Mask) -> Shares:
    """1 - cosine between the sums of the early and the other vectors, for each row of (orders, n) ``early``."""
    first = early.astype(np.float64) @ vectors
    second = vectors.sum(axis=0) - first
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    dots = np.einsum("ij,ij->i", first, second)
    return np.asarray(1 - np.divide(dots, lengths, out=np.ones_like(dots), where=lengths > 0))


def _words(ps: Shares, difference: Shares, words: tuple[str, str]) -> list[str | None]:
    return [
        None if not p < SIGNIFICANT or d == 0 else words[0] if d > 0 else words[1]
        for p, d in zip(ps, difference, strict=True)
    ]

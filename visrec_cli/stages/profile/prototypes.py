"""Visual prototypes: clusters of a user's likes, each with its medoid."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visrec_cli.runtime.threads import one_core
from visrec_cli.tables.vectors import Matrix, Rows

FEW = 6
"""Liked items with a vector from which groups are told apart."""
MOST = 8
HEAPS = 19
"""Shapeless heaps that the groups are compared with: standing apart better than all of them has p = .05."""
_AXES, _SAMPLE = 20, 1000
_Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prototype:
    """members: of the vectors given, nearest to the middle first: the first is the medoid.

    alike: mean cosine of the members with their middle.
    """

    members: Rows
    alike: float


@dataclass(frozen=True)
class Grouping:
    """prototypes: largest first. apart: their mean silhouette (Rousseeuw 1987), None for one group alone.

    p: the share of shapeless heaps, the true points with them, whose best groups stand apart as well.
    """

    prototypes: tuple[Prototype, ...]
    apart: float | None = None
    p: float | None = None


def prototypes_of(vectors: Matrix, *, seed: int = 0) -> Grouping:
    """Groups of (n, d) unit vectors: k-means with the k, from 2 to 8, of the largest mean silhouette.

    Points are taken along their 20 largest axes. k is at most a third of n; fewer than FEW vectors are one group. A
    heap is drawn from a normal distribution with the points' own variance along each axis, as for the gap statistic
    (Tibshirani, Walther & Hastie 2001), and grouped as they are.
    """
    if len(vectors) < FEW or not np.ptp(vectors, axis=0).any():
        return Grouping(_groups(vectors, np.zeros(len(vectors), np.int64)))
    rng = np.random.default_rng(seed)
    with one_core():
        points = _along_axes(vectors)
        apart, labels = _best(points, seed)
        spread = points.std(axis=0)
        heaps = [_best(rng.normal(size=points.shape) * spread, seed)[0] for _ in range(HEAPS)]
    p = (1 + sum(heap >= apart for heap in heaps)) / (1 + HEAPS)
    return Grouping(_groups(vectors, labels), apart, p)


def _along_axes(vectors: Matrix) -> _Points:
    """(n, at most 20) principal components."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray((left * lengths)[:, :_AXES])


def _best(points: _Points, seed: int) -> tuple[float, Rows]:
    """The largest silhouette, and its groups."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    best, found = -1.0, np.zeros(len(points), np.int64)
    sample = _SAMPLE if len(points) > _SAMPLE else None
    different = len(np.unique(points.round(9), axis=0))
    for k in range(2, min(MOST, len(points) // 3, different) + 1):
        labels = KMeans(k, n_init=1, random_state=seed).fit_predict(points).astype(np.int64)
        score = float(silhouette_score(points, labels, sample_size=sample, random_state=seed))
        if score > best:
            best, found = score, labels
    return best, found


def _groups(vectors: Matrix, labels: Rows) -> tuple[Prototype, ...]:
    found = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label).astype(np.int64)
        middle = vectors[rows].mean(axis=0, dtype=np.float64)
        near = vectors[rows] @ (middle / max(float(np.linalg.norm(middle)), 1e-12))
        order = np.lexsort((rows, -near))
        found.append(Prototype(rows[order], float(near.mean())))
    return tuple(sorted(found, key=lambda one: (-len(one.members), one.members[0])))

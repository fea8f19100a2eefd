"""Recall of approximate indexes, and raising their effort until it is reached."""

from typing import Protocol

import numpy as np

from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.tables.vectors import Matrix, Rows

SAMPLE = 100
TARGET = 0.95
_SEED = 0


class Approximate(Protocol):
    """An index that can miss neighbours, and look harder."""

    vectors: Matrix

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """The k nearest of each query, as far as they are found."""

    def try_harder(self) -> bool:
        """Look at more; False when there is no more, or when the user fixed how much."""


def calibrate(index: Approximate, k: int, *, target: float = TARGET) -> tuple[float, int]:
    """Let ``index`` try harder until it finds ``target`` of the true k neighbours of sampled items, or can no more.

    Returns recall@k, the mean share of an item's k nearest others that were found, and how many items were sampled.
    """
    count = len(index.vectors)
    k = min(k, count - 1)
    if k < 1:
        return 1.0, 0
    sample = np.sort(np.random.default_rng(_SEED).choice(count, min(SAMPLE, count), replace=False))
    exact = ExactIndex()
    exact.build(index.vectors)
    asked = index.vectors[sample]
    truth = exact.search(asked, k + 1)[1]
    while True:
        recall = _recall(index.search(asked, k + 1)[1], truth, sample, k)
        if recall >= target or not index.try_harder():
            return recall, len(sample)


def _recall(found: Rows, truth: Rows, own: Rows, k: int) -> float:
    shares = []
    for one_found, one_truth, item in zip(found, truth, own, strict=True):
        others = one_truth[one_truth != item][:k]  # an item finds itself; that proves nothing
        shares.append(np.isin(others, one_found).mean())
    return float(np.mean(shares))

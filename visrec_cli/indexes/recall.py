"""Recall of approximate indexes, and tuning of their effort until a target recall is reached."""

from typing import Protocol

import numpy as np

from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.tables.vectors import Matrix, Rows

SAMPLE = 100
TARGET = 0.95
_SEED = 0


class Approximate(Protocol):
    """An index that can miss neighbours, and can be told to search harder.

    Attributes
    ----------
    vectors : Matrix
        (n, d) float32, rows of length 1: the indexed catalogue.
    """

    vectors: Matrix

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """Find the nearest vectors of each query, as far as the index finds them.

        Parameters
        ----------
        queries : Matrix
            (q, d) float32, rows of length 1.
        k : int
            Number of neighbours per query.

        Returns
        -------
        tuple[Matrix, Rows]
            Cosines (q, min(k, n)) float32 and row numbers (q, min(k, n)) int64, best first.
        """

    def try_harder(self) -> bool:
        """Search more of the catalogue from now on.

        Returns
        -------
        bool
            False if there is no more to search, or if the user fixed the effort.
        """


def calibrate(index: Approximate, k: int, *, target: float = TARGET) -> tuple[float, int]:
    """Raise the effort of an index until it finds enough of the true neighbours of sampled items, or cannot try harder.

    Parameters
    ----------
    index : Approximate
        The index to tune.
    k : int
        Number of neighbours per item.
    target : float, default=TARGET
        Recall to reach, from 0 to 1.

    Returns
    -------
    tuple[float, int]
        Recall@k, the mean share of an item's k nearest other items that were found, and the number of sampled items.
    """
    count = len(index.vectors)
    k = min(k, count - 1)
    if k < 1:
        return 1.0, 0
    sample = np.sort(np.random.default_rng(_SEED).choice(count, min(SAMPLE, count), replace=False))
    exact = ExactIndex()
    exact.build(index.vectors)
    queries = index.vectors[sample]
    truth = exact.search(queries, k + 1)[1]
    while True:
        recall = _recall(index.search(queries, k + 1)[1], truth, sample, k)
        if recall >= target or not index.try_harder():
            return recall, len(sample)


def _recall(found: Rows, truth: Rows, own: Rows, k: int) -> float:
    shares = []
    for one_found, one_truth, item in zip(found, truth, own, strict=True):
        others = one_truth[one_truth != item][:k]  # an item finds itself; that proves nothing
        shares.append(np.isin(others, one_found).mean())
    return float(np.mean(shares))

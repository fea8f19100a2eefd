"""Metrics of ranked lists against the items that turned out to be relevant.

All take ``hits``: (users, k) bool, place r of user u is relevant; and ``relevant``: (users,) how many items are
relevant to the user at all. All give one number per user in [0, 1], 0 for a user without relevant items (leave such
users out of the mean).
"""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Hits = npt.NDArray[np.bool_]
PerUser = npt.NDArray[np.float64]


def hits_of(top: npt.NDArray[np.int64], truth: sp.csr_matrix) -> Hits:
    """(users, k) bool: whether the item in each place is among the user's relevant ones.

    top: (users, k) columns, best first, -1 where the list has ended. truth: (users, items) csr, stored = relevant.
    """
    width = truth.shape[1]
    rows = np.arange(top.shape[0])[:, None]
    wanted = np.repeat(np.arange(truth.shape[0], dtype=np.int64), np.diff(truth.indptr)) * width + truth.indices
    return np.isin(rows * width + top, wanted) & (top >= 0)


def ndcg(hits: Hits, relevant: npt.NDArray[np.int64], k: int) -> PerUser:
    """How much of the best possible gain the first k places have, a place r being worth 1 / log2(r + 1).

    ndcg@k = sum_{r ≤ k} hit(r) / log2(r + 1)  ÷  sum_{r ≤ min(k, relevant)} 1 / log2(r + 1).
    Source: Järvelin & Kekäläinen 2002 with binary gains and the discount of Burges et al. 2005.
    """
    worth = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(worth)])[np.minimum(relevant, k)]
    gained = hits[:, :k] @ worth[: hits[:, :k].shape[1]]
    return np.divide(gained, ideal, out=np.zeros(len(hits)), where=ideal > 0)


def recall(hits: Hits, relevant: npt.NDArray[np.int64], k: int) -> PerUser:
    """Share of the relevant items that are among the first k: hits / relevant."""
    found = hits[:, :k].sum(axis=1)
    return np.divide(found, relevant, out=np.zeros(len(hits)), where=relevant > 0)

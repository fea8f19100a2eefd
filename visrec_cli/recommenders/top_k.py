"""Top k of a row of scores, with an unbiased order of ties."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.tables.vectors import Mask, Matrix, Rows

Vector = npt.NDArray[np.float32]
_GROUP, _GROUPS_FOR_EACH = 64, 8  # largest size of a group, and smallest number of groups for each of the k


def tie_order(ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """Rank ids by their hash, to order items with equal scores.

    The order of a file would be biased: catalogues are sorted by age or popularity, and a model that gives every item
    the same score would seem to know something. The rank of an id among given ids is always the same.

    Parameters
    ----------
    ids : Sequence[str]
        Item ids.

    Returns
    -------
    npt.NDArray[np.int64]
        (n,) rank of each id.
    """
    drawn = [hashlib.blake2b(one.encode(), digest_size=8).digest() for one in ids]
    places = np.empty(len(ids), np.int64)
    places[np.argsort(np.array(drawn, dtype="S8"), kind="stable")] = np.arange(len(ids))
    return places


def top_k(
    scores: Matrix,
    k: int,
    *,
    tie_order: npt.NDArray[np.int64],
    exclude: sp.csr_matrix | None = None,
    allowed: Mask | None = None,
) -> tuple[npt.NDArray[np.int64], Matrix]:
    """Select the k best columns of each row.

    Parameters
    ----------
    scores : Matrix
        (n, m) float32; overwritten.
    k : int
        Number of columns to select.
    tie_order : npt.NDArray[np.int64]
        (m,) order of columns with equal scores, as from ``tie_order``.
    exclude : sp.csr_matrix | None, default=None
        (n, m) csr whose stored cells are no candidates, such as items that a user has seen.
    allowed : Mask | None, default=None
        (m,) which columns are candidates; None for all.

    Returns
    -------
    tuple[npt.NDArray[np.int64], Matrix]
        Column numbers and scores, each (n, min(k, m)), best first; column -1 and score -inf where there are no more.
    """
    n, m = scores.shape
    if allowed is not None:
        scores[:, np.flatnonzero(~allowed)] = -np.inf
    if exclude is not None:
        scores[np.repeat(np.arange(n), np.diff(exclude.indptr)), exclude.indices] = -np.inf
    k = min(k, m)
    if n == 0 or k == 0:
        return np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    rows, columns = _candidates(scores, k)
    values = scores[rows, columns]
    order = np.lexsort((tie_order[columns], -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    keep = place < k
    best = np.full((n, k), -1, np.int64)
    best_scores = np.full((n, k), -np.inf, np.float32)
    best[rows[keep], place[keep]] = columns[keep]
    best_scores[rows[keep], place[keep]] = values[keep]
    return best, best_scores


def _candidates(scores: Matrix, k: int) -> tuple[Rows, Rows]:
    """Rows and columns of all cells that may be among the k best of their row, and of few others. k: from 1 to m.

    Each row is cut into groups. The k-th largest of the groups' maxima is at most the k-th best of all cells: cells
    below it are out, and of most groups only the maximum is read. That is a tenth of the work of a partition.
    """
    n, m = scores.shape
    size = min(_GROUP, m // (_GROUPS_FOR_EACH * k))
    if size < 2:
        threshold = _threshold(scores, k)
        rows, columns = np.nonzero(scores >= threshold[:, None])
        return rows, columns
    groups = m // size
    even = scores[:, : size * groups].reshape(n, size, groups)  # member c of group g is column c * groups + g
    best = np.concatenate([even.max(axis=1), scores[:, size * groups :]], axis=1)  # the rest are groups of one
    threshold = _threshold(best, k)
    rows, which = np.nonzero(best >= threshold[:, None])
    alone = which >= groups
    lone_rows, lone_columns = rows[alone], which[alone] + (size - 1) * groups
    rows, which = rows[~alone], which[~alone]
    near, member = np.nonzero(even[rows, :, which] >= threshold[rows, None])
    return np.concatenate([rows[near], lone_rows]), np.concatenate([member * groups + which[near], lone_columns])


def _threshold(scores: Matrix, k: int) -> Vector:
    """(n,) k-th best of each row, but above -inf, so that excluded cells stay excluded."""
    threshold = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    return np.where(np.isneginf(threshold), np.finfo(np.float32).min, threshold)

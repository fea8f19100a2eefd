"""Top k of a row of scores, with an unbiased order of ties."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.tables.vectors import Mask, Matrix, Rows

Vector = npt.NDArray[np.float32]
_GROUP, _GROUPS_FOR_EACH = 64, 8  # the most members of a group, and the fewest groups for each of the k


def lots(ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """(n,) a rank for each id, drawn by its hash: who goes first among equal scores.

    Order of file would be no draw: catalogues are sorted by age or popularity, and a model that gives every item
    the same score would seem to know something. The same id always draws the same lot.
    """
    drawn = [hashlib.blake2b(one.encode(), digest_size=8).digest() for one in ids]
    places = np.empty(len(ids), np.int64)
    places[np.argsort(np.array(drawn, dtype="S8"), kind="stable")] = np.arange(len(ids))
    return places


def top_k(
    scores: Matrix,
    k: int,
    *,
    lots: npt.NDArray[np.int64],
    exclude: sp.csr_matrix | None = None,
    allowed: Mask | None = None,
) -> tuple[npt.NDArray[np.int64], Matrix]:
    """``(columns, scores)``, each (n, min(k, m)), best first; column -1 and score -inf where there are no more.

    scores: (n, m), overwritten. exclude: (n, m) csr whose stored places are no candidates (what a user has seen).
    allowed: (m,) bool. Equal scores go by ``lots``.
    """
    n, m = scores.shape
    if allowed is not None:
        scores[:, np.flatnonzero(~allowed)] = -np.inf
    if exclude is not None:
        scores[np.repeat(np.arange(n), np.diff(exclude.indptr)), exclude.indices] = -np.inf
    k = min(k, m)
    if n == 0 or k == 0:
        return np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    rows, columns = _within_reach(scores, k)
    values = scores[rows, columns]
    order = np.lexsort((lots[columns], -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    keep = place < k
    best = np.full((n, k), -1, np.int64)
    best_scores = np.full((n, k), -np.inf, np.float32)
    best[rows[keep], place[keep]] = columns[keep]
    best_scores[rows[keep], place[keep]] = values[keep]
    return best, best_scores


def _within_reach(scores: Matrix, k: int) -> tuple[Rows, Rows]:
    """Rows and columns of all that may be among the k best of its row, and of little else. k: from 1 to m.

    Each row is cut into groups. The k-th best of the groups' best is no more than the k-th best of all: what lies below
    it is out, and of most groups nothing but the best has to be looked at. That is a tenth of the work of a partition.
    """
    n, m = scores.shape
    size = min(_GROUP, m // (_GROUPS_FOR_EACH * k))
    if size < 2:
        bar = _bar(scores, k)
        rows, columns = np.nonzero(scores >= bar[:, None])
        return rows, columns
    groups = m // size
    even = scores[:, : size * groups].reshape(n, size, groups)  # member c of group g is column c * groups + g
    best = np.concatenate([even.max(axis=1), scores[:, size * groups :]], axis=1)  # what is left over: groups of one
    bar = _bar(best, k)
    rows, which = np.nonzero(best >= bar[:, None])
    alone = which >= groups
    lone_rows, lone_columns = rows[alone], which[alone] + (size - 1) * groups
    rows, which = rows[~alone], which[~alone]
    near, member = np.nonzero(even[rows, :, which] >= bar[rows, None])
    return np.concatenate([rows[near], lone_rows]), np.concatenate([member * groups + which[near], lone_columns])


def _bar(scores: Matrix, k: int) -> Vector:
    """(n,) the k-th best of each row, and above -inf: what is out stays out."""
    bar = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    return np.where(np.isneginf(bar), np.finfo(np.float32).min, bar)

"""Base of neighbour recommenders: weighting, similarity, and selection of links."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log

WEIGHTINGS = ("plain", "tfidf", "bm25")
_K1, _B = 1.2, 0.75  # of Robertson & Zaragoza 2009, section 3.5
_LINKS = 1 << 22  # links computed at a time: memory is allocated before their number is known

Vector = npt.NDArray[np.float64]


def weighted(
    matrix: sp.csr_matrix, weighting: str, *, damping: float = 0.0, within: sp.csr_matrix | None = None
) -> sp.csr_matrix:
    """Weight clicks by how well they tell items apart.

    With items as rows, clicks are weighted by how well they tell users apart.

    Parameters
    ----------
    matrix : sp.csr_matrix
        (users, items) csr of weights w.
    weighting : str
        "plain": w. "tfidf": sqrt(w) · log(1 + items / n(u)), where n(u) is the user's number of clicks, so that a click
        of a selective user counts for more. "bm25": the same with saturation, and with the length of the item's column.
    damping : float, default=0.0
        p divides each user's row by n(u)^(p/2), so that in a product of two clicks the user counts n(u)^-p. With p = 1
        all users count equally, however many clicks they have.
    within : sp.csr_matrix | None, default=None
        The clicks that n(u) and means are computed from, if ``matrix`` has new columns; by default ``matrix``.

    Returns
    -------
    sp.csr_matrix
        (users, items) csr, float64.

    References
    ----------
    Robertson & Zaragoza 2009, eq. 3.15.
    """
    within = matrix if within is None else within
    clicks = np.diff(within.indptr)
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    data = matrix.data.astype(np.float64)
    if weighting != "plain":
        idf = np.log1p(within.shape[1] / np.maximum(clicks, 1))[row]
        if weighting == "tfidf":
            data = np.sqrt(np.abs(data)) * np.sign(data) * idf
        else:
            mean = within.data.sum(dtype=np.float64) / max(len(np.unique(within.indices)), 1)
            relative = np.bincount(matrix.indices, data, matrix.shape[1]) / max(mean, 1e-12)
            data = idf * data * (_K1 + 1) / (data + _K1 * (1 - _B + _B * relative[matrix.indices]))
    data = data / np.maximum(clicks, 1.0)[row] ** (damping / 2)
    return sp.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def share_of_clicks(log: Log, most: float) -> npt.NDArray[np.float32]:
    """(items,) clicks, scaled to at most ``most``: the score of items on which the history has no influence."""
    clicks = log.clicks_of_items
    return (most * clicks / max(clicks.max(initial=0), 1)).astype(np.float32)


def lengths(rows: sp.csr_matrix) -> Vector:
    """(n,) squared length of each row."""
    squared: Vector = np.asarray(rows.multiply(rows).sum(axis=1), np.float64).ravel()
    return squared


def strongest(rows: sp.csr_matrix, k: int) -> sp.csr_matrix:
    """The same matrix (float32, sorted indices) with only the k largest entries by size in each row."""
    kept: list[npt.NDArray[np.int64]] = []
    for start, end in zip(rows.indptr[:-1].tolist(), rows.indptr[1:].tolist(), strict=True):
        if end - start > k:
            best = np.argpartition(np.abs(rows.data[start:end]), end - start - k)[-k:]
            kept.append(start + np.sort(best))
        else:
            kept.append(np.arange(start, end))
    places = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    indptr = np.concatenate([[0], np.cumsum([len(places) for places in kept])])
    parts = (rows.data[places].astype(np.float32), rows.indices[places], indptr)
    best_of = sp.csr_matrix(parts, shape=rows.shape)
    best_of.sort_indices()
    return best_of


def nearest(
    rows: sp.csr_matrix,
    others: sp.csr_matrix,
    k: int,
    *,
    norms: Vector | None = None,
    other_norms: Vector | None = None,
    shrinkage: float = 0.0,
    itself: npt.NDArray[np.int64] | None = None,
) -> sp.csr_matrix:
    """For each row, find the k rows of another matrix with the largest similarity by size.

        s(i, j) = rows(i)·others(j) / (norms(i) · other_norms(j) + shrinkage)

    Parameters
    ----------
    rows : sp.csr_matrix
        (n, d) csr.
    others : sp.csr_matrix
        (m, d) csr.
    k : int
        Number of neighbours per row.
    norms : Vector | None, default=None
        (n,) positive divisors; by default 1.
    other_norms : Vector | None, default=None
        (m,) positive divisors; by default 1.
    shrinkage : float, default=0.0
        Added to the divisor; lowers similarities that rest on few common entries.
    itself : npt.NDArray[np.int64] | None, default=None
        (n,) row of ``others`` that is the row itself and therefore no neighbour; -1 for none.

    Returns
    -------
    sp.csr_matrix
        (n, m) csr, float32. The entries of a row are in no particular order.
    """
    from visrec_cli.recommenders.kernels.sparse_rows import Rows
    from visrec_cli.recommenders.neighbours.kernel import link

    shape = rows.shape[0], others.shape[0]
    k = max(min(k, shape[1]), 1)
    norms = np.ones(shape[0]) if norms is None else norms
    other_norms = np.ones(shape[1]) if other_norms is None else other_norms
    itself = np.full(shape[0], -1) if itself is None else itself
    turned, blocks = Rows.of(others.T.tocsr()), []
    for start in range(0, shape[0], step := max(_LINKS // k, 1)):
        some = slice(start, start + step)
        links = link(Rows.of(rows[some]), turned, k, norms[some], other_norms, shrinkage, itself[some])
        filled = np.arange(k) < links.counts[:, None]
        indptr = np.concatenate([[0], np.cumsum(links.counts)])
        parts = (links.values[filled], links.columns[filled], indptr)
        blocks.append(sp.csr_matrix(parts, shape=(len(links.counts), shape[1])))
    return sp.csr_matrix(sp.vstack(blocks, format="csr"))

"""Base of neighbour recommenders: weighting, similarity, and selection of links."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log

WEIGHTINGS = ("plain", "tfidf", "bm25")
_K1, _B = 1.2, 0.75  # of Robertson & Zaragoza 2009, section 3.5
_LINKS = 1 << 22  # looked for at a time: their place is taken before it is known how many there are

Vector = npt.NDArray[np.float64]


def weighted(
    matrix: sp.csr_matrix, weighting: str, *, damping: float = 0.0, within: sp.csr_matrix | None = None
) -> sp.csr_matrix:
    """(users, items) float64: the clicks with the weight that they have for telling items apart.

    plain: w. tfidf: sqrt(w) · log(1 + items / n(u)), a click of a picky user telling more than one of a person who
    clicks everything. bm25: the same with saturation, and with the length of the item's column (Robertson & Zaragoza
    2009, eq. 3.15). damping p: each user's row is divided by n(u)^(p/2), so that in a product of two clicks the user
    counts n(u)^-p; with p = 1 everybody has the same say, however many clicks they made. Turned round, with items as
    rows, it tells users apart. within: the clicks that n(u) and means are taken of, if ``matrix`` has new columns.
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
    """(items,) clicks, the most clicked item having ``most``: what a score says where a history is silent."""
    clicks = log.clicks_of_items
    return (most * clicks / max(clicks.max(initial=0), 1)).astype(np.float32)


def lengths(rows: sp.csr_matrix) -> Vector:
    """(n,) squared length of each row."""
    squared: Vector = np.asarray(rows.multiply(rows).sum(axis=1), np.float64).ravel()
    return squared


def strongest(rows: sp.csr_matrix, k: int) -> sp.csr_matrix:
    """The same matrix (float32, sorted indices) with only the k entries of largest size in each row."""
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
    own: Vector | None = None,
    theirs: Vector | None = None,
    shrinkage: float = 0.0,
    itself: npt.NDArray[np.int64] | None = None,
) -> sp.csr_matrix:
    """(rows, others) float32: for each row i the k of ``others`` with the largest size of

        s(i, j) = rows(i)·others(j) / (own(i) · theirs(j) + shrinkage)

    own: (rows,) and theirs: (others,) positive; 1 by default. itself: (rows,) the number among ``others`` that is the
    row itself and no neighbour, -1 for none. The entries of a row come in no order.
    """
    from visrec_cli.recommenders.kernels.sparse_rows import Rows
    from visrec_cli.recommenders.neighbours.kernel import link

    shape = rows.shape[0], others.shape[0]
    k = max(min(k, shape[1]), 1)
    own = np.ones(shape[0]) if own is None else own
    theirs = np.ones(shape[1]) if theirs is None else theirs
    itself = np.full(shape[0], -1) if itself is None else itself
    turned, blocks = Rows.of(others.T.tocsr()), []
    for start in range(0, shape[0], step := max(_LINKS // k, 1)):
        some = slice(start, start + step)
        links = link(Rows.of(rows[some]), turned, k, own[some], theirs, shrinkage, itself[some])
        filled = np.arange(k) < links.counts[:, None]
        indptr = np.concatenate([[0], np.cumsum(links.counts)])
        parts = (links.values[filled], links.columns[filled], indptr)
        blocks.append(sp.csr_matrix(parts, shape=(len(links.counts), shape[1])))
    return sp.csr_matrix(sp.vstack(blocks, format="csr"))

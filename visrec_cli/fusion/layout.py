"""Low-dimensional layouts of vectors by t-SNE, UMAP or PCA.

A layout is computed from all its vectors at once and cannot place a new one: it is a map to look at, not a space to
search in.
"""

from typing import Any

import numpy as np

from visrec_cli.errors import missing_extra, unknown
from visrec_cli.runtime.threads import one_core
from visrec_cli.tables.vectors import Matrix

LAYOUTS = ("tsne", "umap", "pca")
LINEAR = 50
"""Components kept by PCA before t-SNE and UMAP, as in van der Maaten & Hinton 2008, against noise and to save time."""
_PERPLEXITY, _FEW = 30, 4
_EXAGGERATION, _EXAGGERATED, _ITERATIONS = 12, 250, 750
_NEIGHBOURS = 15


def lay_out(vectors: Matrix, method: str = "tsne", *, dim: int = 2, seed: int = 0) -> Matrix:
    """Compute a layout. The same vectors and seed give the same bytes.

    tsne and umap run on one core: sums of several cores would differ in their last digit, and with it the whole map.

    Parameters
    ----------
    vectors : Matrix
        (n, d) float32; fewer than four are laid out by PCA.
    method : str, default="tsne"
        "tsne": neighbourhoods (Barnes-Hut, of scikit-learn). "umap": neighbourhoods, and more of the global structure
        (umap-learn, an extra). "pca": the directions of most variance.
    dim : int, default=2
        Number of dimensions; at most 3 for tsne.
    seed : int, default=0
        Seed of tsne and umap.

    Returns
    -------
    Matrix
        (n, dim) float32 coordinates.

    Raises
    ------
    UsageError
        If the method is not known.
    UnavailableError
        If umap-learn is not installed.

    References
    ----------
    van der Maaten 2014 (Barnes-Hut t-SNE); McInnes et al. 2018 (UMAP).
    """
    if method not in LAYOUTS:
        raise unknown("layout", method, list(LAYOUTS))
    if method == "pca" or len(vectors) < _FEW:
        if method == "umap":
            _umap()
        return _linear(vectors, dim)
    with one_core():
        linear = _linear(vectors, LINEAR)
        placed = _tsne(linear, dim, seed) if method == "tsne" else _umap_places(linear, dim, seed)
    return np.ascontiguousarray(placed, dtype=np.float32)


def _linear(vectors: Matrix, dim: int) -> Matrix:
    """The leading principal components, computed in float64; zeros where the vectors span fewer."""
    from sklearn.decomposition import PCA

    found = np.zeros((len(vectors), dim), np.float32)
    wide = min(dim, len(vectors), vectors.shape[1])
    if len(vectors) > 1 and np.ptp(vectors, axis=0).any():
        model = PCA(n_components=wide, svd_solver="covariance_eigh" if wide < min(vectors.shape) else "full")
        found[:, :wide] = model.fit_transform(vectors.astype(np.float64))
    return found


def _tsne(linear: Matrix, dim: int, seed: int) -> Any:
    from sklearn.manifold import TSNE

    start = linear[:, :dim] / max(float(linear[:, 0].std()), 1e-12) * 1e-4  # as openTSNE and Kobak & Berens 2019
    model = TSNE(
        n_components=dim,
        perplexity=min(_PERPLEXITY, (len(linear) - 1) / 3),
        early_exaggeration=_EXAGGERATION,
        max_iter=_ITERATIONS,
        init=np.ascontiguousarray(start, np.float32),
        learning_rate="auto",
        random_state=seed,
        n_jobs=1,
    )
    return model.fit_transform(linear)


def _umap_places(linear: Matrix, dim: int, seed: int) -> Any:
    model = _umap()(
        n_components=dim,
        n_neighbors=min(_NEIGHBOURS, len(linear) - 1),
        init="pca",
        random_state=seed,
        n_jobs=1,
    )
    return model.fit_transform(linear)


def _umap() -> Any:
    try:
        from umap import UMAP
    except ImportError as error:
        raise missing_extra("umap-learn", "umap", note="; tsne needs no extra") from error
    return UMAP

"""Approximate nearest neighbours by faiss: vectors are grouped into cells, and a query visits the nearest cells."""

from typing import Any, ClassVar

import numpy as np

from visrec_cli.errors import missing_extra
from visrec_cli.indexes.exact_scores import best_of
from visrec_cli.indexes.index_cache import keep_index, kept_index, recipe
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import Matrix, Rows

_SEED = 42
_EXACTLY = 10
_AT_LEAST = 100
_FLAT_BELOW = 10_000


class FaissIndex:
    """Approximate search: an inverted file (IVF, flat) gives max(100, 10 k) candidates, which are then scored exactly.

    Parameters
    ----------
    nlist : int | None, default=None
        Number of cells. By default 4 √n, and a single cell (which finds everything) below 10,000 items.
    nprobe : int | None, default=None
        Number of cells that a query visits. By default the search starts with 1/64 of them, and ``try_harder`` doubles
        it.
    report : Report | None, default=None
        Where notes on the cache are recorded; by default they are dropped.

    Attributes
    ----------
    name : ClassVar[str], default="faiss"
        Name in the registry.

    Raises
    ------
    UnavailableError
        If faiss is not installed.
    """

    name: ClassVar[str] = "faiss"

    def __init__(self, *, nlist: int | None = None, nprobe: int | None = None, report: Report | None = None) -> None:
        try:
            import faiss
        except ImportError as error:
            raise missing_extra("faiss", "faiss") from error
        self._faiss: Any = faiss
        self._nlist = nlist
        self._nprobe = nprobe
        self._fixed = nprobe is not None
        self._report = report or Report()

    def build(self, vectors: Matrix) -> None:
        """Index the catalogue, or load the index from the cache.

        Parameters
        ----------
        vectors : Matrix
            (n, d) float32, rows of length 1.
        """
        self.vectors = vectors
        count, width = vectors.shape
        default = round(4 * np.sqrt(count)) if count >= _FLAT_BELOW else 1
        self._cells = max(1, min(self._nlist or default, count))
        if not count:
            return  # faiss cannot be trained on an empty catalogue; search returns nothing
        wanted = recipe(
            vectors,
            library="faiss",
            version=self._faiss.__version__,
            metric="inner product",
            settings={"nlist": self._cells, "seed": _SEED},
        )
        kept = kept_index(wanted, self._report)
        if kept is not None:
            self._index = self._faiss.read_index(str(kept))
        else:
            quantizer = self._faiss.IndexFlatIP(width)
            self._index = self._faiss.IndexIVFFlat(quantizer, width, self._cells, self._faiss.METRIC_INNER_PRODUCT)
            self._index.cp.seed = _SEED
            self._index.cp.min_points_per_centroid = 1  # no warnings on stderr about small catalogues
            self._index.train(vectors)
            self._index.add(vectors)
            keep_index(wanted, lambda path: self._faiss.write_index(self._index, path), self._report)
        self._index.nprobe = min(self._nprobe or max(1, self._cells // 64), self._cells)

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """Find the nearest vectors of each query, as far as they are in the visited cells.

        Parameters
        ----------
        queries : Matrix
            (q, d) float32, rows of length 1.
        k : int
            Number of neighbours per query.

        Returns
        -------
        tuple[Matrix, Rows]
            Cosines (q, min(k, n)) float32 and row numbers (q, min(k, n)) int64, best first; -inf and ``NOTHING`` where
            fewer were found.
        """
        k = min(k, len(self.vectors))
        wanted = min(max(_EXACTLY * k, _AT_LEAST), len(self.vectors))
        if not len(queries) or not wanted:
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        rough, candidates = self._index.search(np.ascontiguousarray(queries), wanted)
        return best_of(queries, self.vectors, candidates, k, rough=rough)

    def try_harder(self) -> bool:
        """Visit twice as many cells. False if that is all of them, or if the user fixed the number."""
        if self._fixed or self._index.nprobe >= self._cells:
            return False
        self._index.nprobe = min(2 * self._index.nprobe, self._cells)
        return True

    @property
    def effort(self) -> str:
        """The options that reproduce this search."""
        return f"--nlist {self._cells} --nprobe {self._index.nprobe}"

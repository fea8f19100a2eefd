"""Approximate neighbours by faiss: vectors sorted into cells, of which a query visits the nearest."""

from typing import Any

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
    """An inverted file (IVF, flat vectors) gives max(100, 10 k) candidates, which are then scored exactly.

    nlist: how many cells; by default 4 √n, and below 10,000 items a single one (which finds everything).
    nprobe: how many cells a query visits. Without it the search starts at 1/64 of them and ``try_harder`` doubles it.
    Raises UnavailableError where faiss is not installed.
    """

    name = "faiss"

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
        """Take the catalogue, (n, d) float32 of length 1: from the cache if it was indexed before, else built now."""
        self.vectors = vectors
        count, width = vectors.shape
        default = round(4 * np.sqrt(count)) if count >= _FLAT_BELOW else 1
        self._cells = max(1, min(self._nlist or default, count))
        if not count:
            return  # faiss cannot be trained on nothing, and nothing will be found
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
            self._index.cp.min_points_per_centroid = 1  # it would complain on stderr about small catalogues
            self._index.train(vectors)
            self._index.add(vectors)
            keep_index(wanted, lambda path: self._faiss.write_index(self._index, path), self._report)
        self._index.nprobe = min(self._nprobe or max(1, self._cells // 64), self._cells)

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """Scores (q, min(k, n)) float32 and rows, best first; -inf and NOTHING where the visited cells held fewer."""
        k = min(k, len(self.vectors))
        wanted = min(max(_EXACTLY * k, _AT_LEAST), len(self.vectors))
        if not len(queries) or not wanted:
            return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        rough, candidates = self._index.search(np.ascontiguousarray(queries), wanted)
        return best_of(queries, self.vectors, candidates, k, rough=rough)

    def try_harder(self) -> bool:
        """Visit twice as many cells; False when that is all of them, or was fixed by the user."""
        if self._fixed or self._index.nprobe >= self._cells:
            return False
        self._index.nprobe = min(2 * self._index.nprobe, self._cells)
        return True

    @property
    def effort(self) -> str:
        """The setting that reproduces this search."""
        return f"--nlist {self._cells} --nprobe {self._index.nprobe}"

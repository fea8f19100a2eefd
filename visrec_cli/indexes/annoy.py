"""Approximate nearest neighbours by Annoy, random projection trees (https://github.com/spotify/annoy)."""

from importlib.metadata import version
from typing import ClassVar

import numpy as np

from visrec_cli.errors import missing_extra
from visrec_cli.indexes.exact_scores import NOTHING, best_of
from visrec_cli.indexes.index_cache import keep_index, kept_index, recipe
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import Matrix, Rows

_SEED = 42
_EXACTLY = 10
_AT_LEAST = 100


class AnnoyIndex:
    """Approximate search: trees give max(100, 10 k) candidates, which are then scored exactly.

    Parameters
    ----------
    trees : int, default=50
        Number of trees; more find more neighbours and take longer to build.
    search_k : int | None, default=None
        Number of nodes that a query visits; more find more neighbours and take longer. By default the search starts
        with Annoy's own default, and ``try_harder`` doubles it.
    report : Report | None, default=None
        Where notes on the cache are recorded; by default they are dropped.

    Attributes
    ----------
    name : ClassVar[str], default="annoy"
        Name in the registry.

    Raises
    ------
    UnavailableError
        If Annoy is not installed.
    """

    name: ClassVar[str] = "annoy"

    def __init__(self, *, trees: int = 50, search_k: int | None = None, report: Report | None = None) -> None:
        try:
            import annoy
        except ImportError as error:
            raise missing_extra("Annoy", "annoy", note=" (installing it needs a C++ compiler)") from error
        self._make = annoy.AnnoyIndex
        self._trees = trees
        self._fixed = search_k is not None
        self._search_k = search_k or trees * _AT_LEAST
        self._report = report or Report()

    def build(self, vectors: Matrix) -> None:
        """Index the catalogue, or load the index from the cache.

        Parameters
        ----------
        vectors : Matrix
            (n, d) float32, rows of length 1.
        """
        self.vectors = vectors
        self._index = self._make(max(1, vectors.shape[1]), "angular")
        wanted = recipe(
            vectors,
            library="annoy",
            version=version("annoy"),
            metric="angular",
            settings={"trees": self._trees, "seed": _SEED},
        )
        kept = kept_index(wanted, self._report)
        if kept is not None:
            self._index.load(str(kept))
            return
        self._index.set_seed(_SEED)
        for row, vector in enumerate(vectors):
            self._index.add_item(row, vector)
        self._index.build(self._trees, n_jobs=1)  # several jobs would give different bytes each time
        keep_index(wanted, self._index.save, self._report)

    def search(self, queries: Matrix, k: int) -> tuple[Matrix, Rows]:
        """Find the nearest vectors of each query, as far as the trees find them.

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
        candidates = np.full((len(queries), wanted), NOTHING, np.int64)
        for row, query in enumerate(queries):
            found = self._index.get_nns_by_vector(query, wanted, search_k=max(self._search_k, wanted))
            candidates[row, : len(found)] = found
        return best_of(queries, self.vectors, candidates, k)

    def try_harder(self) -> bool:
        """Visit twice as many nodes per query. False if that is all of them, or if the user fixed the number."""
        if self._fixed or self._search_k >= self._trees * len(self.vectors):
            return False
        self._search_k *= 2
        return True

    @property
    def effort(self) -> str:
        """The options that reproduce this search."""
        return f"--trees {self._trees} --search-k {self._search_k}"

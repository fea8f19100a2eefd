"""Search in a multimodal space, such as pictures and texts concatenated by ``fuse``.

A query that knows only one side (a photo without words, an item without a title) is compared by that side alone.
Otherwise items that lack the other side would win: all their length lies in the side that is asked about.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.stages.recommend.items.index_choice import Index
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Mask, Matrix, Rows

Scores = npt.NDArray[np.float32]


class Sides:
    """One index for all numbers, and one for every combination of sides that a query needs, made when it does.

    allowed: rows of the catalogue that may be found. open_index: from (n, d) vectors to an index over them.
    """

    def __init__(self, catalogue: CatalogueItems, allowed: Rows, open_index: Callable[[Matrix], Index]) -> None:
        self._catalogue = catalogue
        self._allowed = allowed
        self._open = open_index
        self._bounds = _bounds(catalogue.space, catalogue.vectors.shape[1])
        self._opened: dict[tuple[bool, ...], tuple[Index, Rows]] = {}

    def __len__(self) -> int:
        return len(self._allowed)

    def search(self, queries: Matrix, k: int) -> list[tuple[Scores, Rows]]:
        """For each query of length 1 up to k scores and rows of the catalogue, best first."""
        known = np.add.reduceat(queries != 0, self._bounds, axis=1) > 0
        results: list[tuple[Scores, Rows]] = [(np.empty(0, np.float32), np.empty(0, np.int64))] * len(queries)
        for side in np.unique(known, axis=0):
            asked = np.flatnonzero((known == side).all(axis=1))
            index, rows = self._index(side)
            scores, found = index.search(queries[asked], k)
            for at, query_scores, query_found in zip(asked, scores, found, strict=True):
                nonzero = query_found >= 0
                results[at] = query_scores[nonzero], rows[query_found[nonzero]]
        return results

    def _index(self, side: Mask) -> tuple[Index, Rows]:
        key = tuple(side.tolist())
        if key not in self._opened:
            vectors, rows = self._catalogue.vectors, self._allowed
            if len(rows) < len(vectors):
                vectors = vectors[rows]
            if not side.all():
                widths = np.diff([*self._bounds, vectors.shape[1]])
                vectors = np.where(np.repeat(side, widths), vectors, np.float32(0))
                lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
                nonzero = lengths[:, 0] > 1e-6
                vectors, rows = vectors[nonzero] / lengths[nonzero], rows[nonzero]
            self._opened[key] = self._open(vectors), rows
        return self._opened[key]


def _bounds(space: Space | None, width: int) -> list[int]:
    """Where each side begins; a space that is no plain concatenation has one."""
    recipe = (space.transform if space else None) or {}
    if space is None or recipe.get("method") != "concat" or recipe.get("reduction"):
        return [0]
    ends = np.cumsum([source.dimension for source in space.sources])
    return [0, *ends[:-1].tolist()] if ends[-1] == width else [0]

"""Search in a multimodal space, such as pictures and texts concatenated by ``fuse``.

A query that knows only one side (a photo without words, an item without a title) is compared by that side alone.
Otherwise items that lack the other side would win: all their length lies in the side that is asked about.
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.stages.recommend.items.index_choice import Index, IndexOpener
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Mask, Matrix, Rows

Scores = npt.NDArray[np.float32]
_FEW = 16
"""Of fewer than one item in so many the vectors are copied: then each search looks at these alone."""


class Sides:
    """One index for all numbers, and one for every combination of sides that a query needs, made when it does.

    allowed: (n,) bool, the items that may be found (None: all that have a vector).
    """

    def __init__(self, catalogue: CatalogueItems, allowed: Mask | None, opener: IndexOpener) -> None:
        self._catalogue = catalogue
        self._allowed = allowed
        self._opener = opener
        self._count = int((catalogue.vectors.valid if allowed is None else allowed).sum())
        self._bounds = _bounds(catalogue.space, catalogue.vectors.shape[1])
        self._opened: dict[tuple[bool, ...], tuple[Index, Rows | None]] = {}

    def __len__(self) -> int:
        """As many as may be found, at most."""
        return self._count

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
                found_rows = query_found[nonzero]
                results[at] = query_scores[nonzero], found_rows if rows is None else rows[found_rows]
        return results

    def _index(self, side: Mask) -> tuple[Index, Rows | None]:
        """The index, and the rows of the catalogue that it numbers, unless it has all of them."""
        key = tuple(side.tolist())
        if key not in self._opened:
            self._opened[key] = self._in_place() if self._opener.exact and side.all() else self._of_copies(side)
        return self._opened[key]

    def _in_place(self) -> tuple[Index, Rows | None]:
        vectors, allowed = self._catalogue.vectors, self._allowed
        if allowed is None:
            return self._opener.open(vectors), None
        if _FEW * len(self) < len(vectors):
            return self._of_copies(np.ones(len(self._bounds), bool))
        return self._opener.open(vectors.among(allowed)), None

    def _of_copies(self, side: Mask) -> tuple[Index, Rows]:
        """Vectors in the order of their ids, so that nothing depends on the order of a file."""
        catalogue = self._catalogue
        allowed = catalogue.present if self._allowed is None else self._allowed
        rows = catalogue.in_order(allowed)
        vectors = catalogue.vectors[rows]
        if not side.all():
            widths = np.diff([*self._bounds, vectors.shape[1]])
            vectors = np.where(np.repeat(side, widths), vectors, np.float32(0))
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            nonzero = lengths[:, 0] > 1e-6
            vectors, rows = vectors[nonzero] / lengths[nonzero], rows[nonzero]
        return self._opener.open(vectors), rows


def _bounds(space: Space | None, width: int) -> list[int]:
    """Where each side begins; a space that is no plain concatenation has one."""
    recipe = (space.transform if space else None) or {}
    if space is None or recipe.get("method") != "concat" or recipe.get("reduction"):
        return [0]
    ends = np.cumsum([source.dimension for source in space.sources])
    return [0, *ends[:-1].tolist()] if ends[-1] == width else [0]

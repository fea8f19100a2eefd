"""Training data of recommenders: interactions (``Log``) and item content (``Content``)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.time import are_positions
from visrec_cli.tables.vectors import Mask, Matrix, Rows

Times = npt.NDArray[np.int64]
DAY = 86_400_000  # milliseconds, as the times are


@dataclass(frozen=True)
class Log:
    """Interactions as a sparse matrix. Row u is ``users[u]``, column i is ``items[i]``.

    matrix: (users, items) float32, sorted indices, no duplicates; a stored value is the weight (1 for a like, the
    rating where ratings are to be predicted). times: (nnz,) milliseconds since 1970 in the order of ``matrix.data``,
    or None; positions where the log numbers its events (tables.time). Items that nobody touched have an empty column;
    users without interactions an empty row.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    matrix: sp.csr_matrix
    times: Times | None = None

    @cached_property
    def clicks_of_items(self) -> npt.NDArray[np.int64]:
        """(items,) how many users touched each item."""
        return np.bincount(self.matrix.indices, minlength=len(self.items))

    @property
    def dated(self) -> bool:
        """Whether the times say when, and not only in which order: what an age is counted from."""
        return self.times is not None and len(self.times) > 0 and not are_positions(self.times)

    def require_dates(self, what: str) -> None:
        """Raise UsageError where ``what`` counts days and the log does not say when."""
        if self.matrix.nnz and not self.dated:
            but = "" if self.times is None else ", and this log has positions: an order, and no dates"
            raise UsageError(
                f"{what} needs the time of every click{but}",
                fix="name a column of times with --time-column, or leave out --set half_life",
            )

    @cached_property
    def touched(self) -> Mask:
        """(items,) whether anybody touched the item: False means cold."""
        return self.clicks_of_items > 0

    def only(self, kept: Mask) -> "Log":
        """The same users and items with only those interactions (``kept``: (nnz,) bool in the order of the data)."""
        rows = np.repeat(np.arange(len(self.users)), np.diff(self.matrix.indptr))[kept]
        parts = (self.matrix.data[kept], (rows, self.matrix.indices[kept]))
        matrix = sp.csr_matrix(parts, shape=self.matrix.shape, dtype=np.float32)
        return replace(self, matrix=matrix, times=None if self.times is None else self.times[kept])


@dataclass(frozen=True)
class Content:
    """Item content vectors. Row i belongs to ``Log.items[i]``.

    vectors: (items, d) float32 of length 1, zeros where there is none. valid: (items,) bool. parts: the modalities
    side by side in a vector, as (name, width), such as (("picture", 1280), ("text", 384)). space: of the column.
    """

    vectors: Matrix
    valid: Mask
    parts: tuple[tuple[str, int], ...]
    space: Space | None = None

    def take(self, rows: Rows | Sequence[int]) -> "Content":
        """Some of the items."""
        return replace(self, vectors=self.vectors[rows], valid=self.valid[rows])

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
DAY = 86_400_000  # milliseconds, the unit of all times


@dataclass(frozen=True)
class Log:
    """Interactions as a sparse matrix. Row u is ``users[u]``, column i is ``items[i]``.

    Items without interactions have an empty column, users without interactions an empty row.

    Attributes
    ----------
    users : tuple[str, ...]
        User ids.
    items : tuple[str, ...]
        Item ids.
    matrix : sp.csr_matrix
        (users, items) float32 weights with sorted indices and no duplicates: 1 for a like, or the rating where ratings
        are predicted.
    times : Times | None, default=None
        (nnz,) milliseconds since 1970, in the order of ``matrix.data``; positions where the log numbers its events (see
        ``tables.time``). None if not known.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    matrix: sp.csr_matrix
    times: Times | None = None

    @cached_property
    def clicks_of_items(self) -> npt.NDArray[np.int64]:
        """(items,) number of users who interacted with each item."""
        return np.bincount(self.matrix.indices, minlength=len(self.items))

    @property
    def dated(self) -> bool:
        """Whether the times are dates, and not only an order, so that ages can be computed."""
        return self.times is not None and len(self.times) > 0 and not are_positions(self.times)

    def require_dates(self, what: str) -> None:
        """Check that the log has dates.

        Parameters
        ----------
        what : str
            What needs them, for the message.

        Raises
        ------
        UsageError
            If there are interactions without dates.
        """
        if self.matrix.nnz and not self.dated:
            but = "" if self.times is None else ", but this log has positions: an order without dates"
            raise UsageError(
                f"{what} needs the time of every click{but}",
                fix="name a column of times with --time-column, or leave out --set half_life",
            )

    @cached_property
    def touched(self) -> Mask:
        """(items,) whether anybody interacted with the item; items without interactions are called cold."""
        return self.clicks_of_items > 0

    def only(self, kept: Mask) -> "Log":
        """Keep some of the interactions; users and items stay.

        Parameters
        ----------
        kept : Mask
            (nnz,) which interactions to keep, in the order of ``matrix.data``.

        Returns
        -------
        Log
            The smaller log.
        """
        rows = np.repeat(np.arange(len(self.users)), np.diff(self.matrix.indptr))[kept]
        parts = (self.matrix.data[kept], (rows, self.matrix.indices[kept]))
        matrix = sp.csr_matrix(parts, shape=self.matrix.shape, dtype=np.float32)
        return replace(self, matrix=matrix, times=None if self.times is None else self.times[kept])


@dataclass(frozen=True)
class Content:
    """Content vectors of items. Row i belongs to ``Log.items[i]``.

    Attributes
    ----------
    vectors : Matrix
        (items, d) float32 rows of length 1; zeros where there is no vector.
    valid : Mask
        (items,) whether the item has a vector.
    parts : tuple[tuple[str, int], ...]
        Name and width of each modality, side by side in a vector, such as (("picture", 1280), ("text", 384)).
    space : Space | None, default=None
        Embedding space of the vectors; None if not known.
    """

    vectors: Matrix
    valid: Mask
    parts: tuple[tuple[str, int], ...]
    space: Space | None = None

    def take(self, rows: Rows | Sequence[int]) -> "Content":
        """The content of some of the items, in this order."""
        return replace(self, vectors=self.vectors[rows], valid=self.valid[rows])

"""Training targets of fusions: which items belong together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from visrec_cli.tables.vectors import Mask, Matrix, Rows

if TYPE_CHECKING:
    import scipy.sparse as sp


class Target(Protocol):
    """Tells which rows of a table belong together."""

    @property
    def kind(self) -> str:
        """ "pairs", "label" or "clicks"."""

    @property
    def name(self) -> str:
        """The target as the user named it."""

    @property
    def known(self) -> Mask:
        """(n,) rows that the target covers."""

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """Tell how much rows belong together.

        Parameters
        ----------
        first : Rows
            Row numbers.
        second : Rows
            Row numbers.

        Returns
        -------
        Matrix
            (len(first), len(second)) float32; 0 where two rows do not belong together.
        """

    def partners(self, rows: Rows, among: Rows, rng: np.random.Generator) -> Rows:
        """Draw a random partner for each row.

        Parameters
        ----------
        rows : Rows
            Row numbers.
        among : Rows
            Row numbers of possible partners, ascending.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        Rows
            (len(rows),) another row that belongs to it; the row itself if there is none.
        """


@dataclass(frozen=True)
class Pairs:
    """A picture belongs to the text of its own item, and to no other.

    Attributes
    ----------
    rows : int
        Number of items.
    name : str, default="pairs"
        Name of the target.
    kind : str, default="pairs"
        Kind of the target.
    """

    rows: int
    name: str = "pairs"
    kind: str = "pairs"

    @property
    def known(self) -> Mask:
        """All rows."""
        return np.ones(self.rows, bool)

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """1 where the rows are the same."""
        return (first[:, None] == second[None, :]).astype(np.float32)

    def partners(self, rows: Rows, among: Rows, rng: np.random.Generator) -> Rows:
        """The rows themselves."""
        del among, rng
        return rows


@dataclass(frozen=True)
class Labels:
    """Items with the same label belong together.

    Attributes
    ----------
    codes : Rows
        (n,) int64 number of the label, from 0; -1 where it is missing.
    words : Sequence[str]
        The label of each number.
    name : str
        Name of the column.
    kind : str, default="label"
        Kind of the target.
    """

    codes: Rows
    words: Sequence[str]
    name: str
    kind: str = "label"

    @property
    def known(self) -> Mask:
        """Rows with a label."""
        return self.codes >= 0

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """1 where the labels are equal."""
        a, b = self.codes[first][:, None], self.codes[second][None, :]
        return ((a == b) & (a >= 0)).astype(np.float32)

    def partners(self, rows: Rows, among: Rows, rng: np.random.Generator) -> Rows:
        """Another row with the same label."""
        codes = self.codes[among]
        order = among[np.argsort(codes, kind="stable")]
        ends = np.cumsum(np.bincount(codes, minlength=len(self.words)))
        starts = np.concatenate([[0], ends[:-1]])
        own_codes = self.codes[rows]
        drawn = starts[own_codes] + (rng.random(len(rows)) * (ends - starts)[own_codes]).astype(np.int64)
        same = np.where((ends > starts)[own_codes], order[np.minimum(drawn, len(order) - 1)], rows)
        return np.asarray(same, np.int64)


@dataclass(frozen=True)
class Clicks:
    """Items that the same users clicked belong together.

    Attributes
    ----------
    links : "sp.csr_matrix"
        (n, n) csr of similarities, without the diagonal.
    name : str
        Name of the log.
    kind : str, default="clicks"
        Kind of the target.
    """

    links: "sp.csr_matrix"
    name: str
    kind: str = "clicks"

    @cached_property
    def known(self) -> Mask:
        """Rows with any link."""
        return np.asarray(np.diff(self.links.indptr) > 0)

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """The similarities."""
        return np.asarray(self.links[first][:, second].toarray(), np.float32)

    def partners(self, rows: Rows, among: Rows, rng: np.random.Generator) -> Rows:
        """One of the linked rows."""
        kept = self.links[rows][:, among]
        many = np.diff(kept.indptr)
        drawn = kept.indptr[:-1] + (rng.random(len(rows)) * many).astype(np.int64)
        drawn = np.minimum(drawn, max(kept.nnz - 1, 0))
        found = among[kept.indices[drawn]] if kept.nnz else rows
        return np.asarray(np.where(many > 0, found, rows), np.int64)


def co_clicks(users: Rows, items: Rows, rows: int, most: int = 20) -> "sp.csr_matrix":
    """Link items by the users who clicked both: the cosine of their columns of clicks.

    Parameters
    ----------
    users : Rows
        (clicks,) number of the user.
    items : Rows
        (clicks,) number of the item, from 0 to rows - 1.
    rows : int
        Number of items.
    most : int, default=20
        Largest number of links per item.

    Returns
    -------
    sp.csr_matrix
        (rows, rows) csr, float32.

    References
    ----------
    Sarwar et al. 2001.
    """
    import scipy.sparse as sp

    log = sp.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=(int(users.max(initial=-1)) + 1, rows))
    log.data[:] = 1
    lengths = np.sqrt(np.asarray(log.sum(axis=0)).ravel())
    log = log @ sp.diags(1 / np.maximum(lengths, 1)).astype(np.float32)
    shared = sp.csr_matrix(log.T @ log)
    shared.setdiag(0)
    shared.eliminate_zeros()
    shared.sort_indices()
    parts: list[tuple[Any, Any, Any]] = []
    for row in range(rows):
        line = slice(shared.indptr[row], shared.indptr[row + 1])
        best = np.argsort(-shared.data[line], kind="stable")[:most]
        parts.append((np.full(len(best), row), shared.indices[line][best], shared.data[line][best]))
    row_of, column_of, values = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return sp.csr_matrix((values.astype(np.float32), (row_of, column_of)), shape=(rows, rows))

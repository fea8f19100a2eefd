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
    """Which rows of a table belong together."""

    @property
    def kind(self) -> str:
        """pairs, label or clicks."""

    @property
    def name(self) -> str:
        """As it was asked for."""

    @property
    def known(self) -> Mask:
        """(n,) bool: rows of which it says anything."""

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """(len(first), len(second)) float32: how much two rows belong together, 0 where they do not."""

    def partners(self, rows: Rows, among: Rows, rng: np.random.Generator) -> Rows:
        """For each row another of ``among`` (ascending) that belongs to it, drawn by chance; itself where none does."""


@dataclass(frozen=True)
class Pairs:
    """A picture belongs to the text of its own item, and to no other. rows: how many items there are."""

    rows: int
    name: str = "pairs"
    kind: str = "pairs"

    @property
    def known(self) -> Mask:
        """All of them."""
        return np.ones(self.rows, bool)

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """1 where the rows are one."""
        return (first[:, None] == second[None, :]).astype(np.float32)

    def partners(self, rows: Rows, among: Rows, rng: np.random.Generator) -> Rows:
        """Nobody else."""
        del among, rng
        return rows


@dataclass(frozen=True)
class Labels:
    """Items of one label belong together. codes: (n,) int64 from 0, -1 where the label is missing; words: by code."""

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
        """Another row of the same label."""
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
    """Items that the same people touched belong together. links: (n, n) csr of likenesses, no row with itself."""

    links: "sp.csr_matrix"
    name: str
    kind: str = "clicks"

    @cached_property
    def known(self) -> Mask:
        """Rows that something is linked to."""
        return np.asarray(np.diff(self.links.indptr) > 0)

    def agree(self, first: Rows, second: Rows) -> Matrix:
        """The likenesses."""
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
    """Links between items by the people they share: the cosine of their columns of clicks, ``most`` per item.

    users, items: (clicks,) codes; items outside 0 … rows - 1 must be left out before. Source: Sarwar et al. 2001.
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

"""What every metric is, and what it is computed from."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.tables.columns import Mask, Matrix

PerUser = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Lists:
    """What some users were recommended, beside what turned out to be relevant to them.

    items: (users, k) item numbers, best first, -1 where a list has ended. truth: (users, all items) csr of gains, above
    0 where relevant (1, or the grade). history: (users, all items) csr of what they had before, or None. scores:
    (users, k) what the recommender said, NaN where it said nothing, or None.
    """

    items: Places
    truth: sp.csr_matrix
    history: sp.csr_matrix | None = None
    scores: Matrix | None = None

    @cached_property
    def gains(self) -> Matrix:
        """(users, k) the gain of the item in each place; 0 where it is not relevant."""
        n, width = self.truth.shape
        wanted = np.repeat(np.arange(n, dtype=np.int64), np.diff(self.truth.indptr)) * width + self.truth.indices
        asked = np.arange(n)[:, None] * width + self.items
        if not len(wanted):
            return np.zeros(self.items.shape, np.float32)
        at = np.minimum(np.searchsorted(wanted, asked), len(wanted) - 1)  # csr with sorted indices: wanted ascends
        found = (wanted[at] == asked) & (self.items >= 0)
        return np.where(found, self.truth.data[at], 0).astype(np.float32)

    @cached_property
    def hits(self) -> Mask:
        """(users, k) whether the item in each place is relevant."""
        return self.gains > 0

    @cached_property
    def relevant(self) -> Places:
        """(users,) how many items are relevant at all."""
        return np.diff(self.truth.indptr).astype(np.int64)


@dataclass(frozen=True)
class World:
    """What is known of all items: their number, how many users had each before, their vectors and categories.

    popularity: (items,) users who had the item in training, of ``users`` users. vectors: (items, d) of length 1, zeros
    where ``has_vector`` is False. categories: (items, c) csr, rows sum to 1 (or 0: none known). None where unknown.
    """

    items: int
    users: int = 0
    popularity: Places | None = None
    vectors: Matrix | None = None
    has_vector: Mask | None = None
    categories: sp.csr_matrix | None = None


class Metric(ABC):
    """One number per user. ``sentence``, ``formula`` and ``source`` are what the documentation and --help say.

    better: "more", "less", or "" where neither is better as such. needs: which of history, popularity, vectors and
    categories it cannot do without. takes_k: has the form ``name@k``.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    better: ClassVar[str] = "more"
    needs: ClassVar[tuple[str, ...]] = ()
    takes_k: ClassVar[bool] = True

    @staticmethod
    @abstractmethod
    def each(lists: Lists, k: int, world: World) -> PerUser:
        """(users,) the value for each user, NaN for a user for whom it means nothing (left out of the mean)."""


class Exposure(ABC):
    """One number for all users together, from how often each item was shown to anybody.

    Same attributes as Metric.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    better: ClassVar[str] = "more"
    needs: ClassVar[tuple[str, ...]] = ()
    takes_k: ClassVar[bool] = True

    @staticmethod
    @abstractmethod
    def of(shown: Places, world: World) -> float:
        """shown: (items,) in how many users' first k places each item is."""

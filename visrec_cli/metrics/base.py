"""Base classes of metrics, and their inputs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.tables.vectors import Mask, Matrix

PerUser = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
WHOLE = 2**31 - 1  # as k: the whole list, as long as it is
_BITS = 1 << 21


@dataclass(frozen=True)
class Lists:
    """What some users were recommended, beside what turned out to be relevant to them.

    items: (users, k) item numbers, best first, -1 where a list has ended; the number ``ItemStats.items``, one past the
    last, stands for every item that nobody knows. truth: (users, all items + 1) csr of gains with sorted indices, above
    0 where relevant (1, or the grade). history: the same of what they had before, or None. scores: (users, k) what the
    recommender said, NaN where it said nothing, or None.
    """

    items: Places
    truth: sp.csr_matrix
    history: sp.csr_matrix | None = None
    scores: Matrix | None = None

    @cached_property
    def gains(self) -> Matrix:
        """(users, k) the gain of the item in each place; 0 where it is not relevant."""
        gains = np.zeros(self.items.shape, np.float32)
        rows, places = np.nonzero(self.hits)
        if len(rows):
            width = self.truth.shape[1]
            asked = rows * width + self.items[rows, places]
            gains[rows, places] = self.truth.data[np.searchsorted(self._wanted, asked)]
        return gains

    @cached_property
    def _wanted(self) -> Places:
        """Every relevant pair as one number: ascending, because the indices of the csr are sorted."""
        n, width = self.truth.shape
        return np.repeat(np.arange(n, dtype=np.int64) * width, np.diff(self.truth.indptr)) + self.truth.indices

    @cached_property
    def hits(self) -> Mask:
        """(users, k) whether the item in each place is relevant.

        Looked up in a bitmap of so few users at once that it stays in the processor's cache.
        """
        n, width = self.truth.shape
        found = np.zeros(self.items.shape, bool)
        step = max(1, _BITS // width)
        bitmap = np.zeros(min(step, n) * width, bool)
        for start in range(0, n, step):
            rows = slice(start, min(start + step, n))
            wanted = self._wanted[self.truth.indptr[rows.start] : self.truth.indptr[rows.stop]] - start * width
            bitmap[wanted] = True
            asked = self.items[rows] + np.arange(rows.stop - start)[:, None] * width
            found[rows] = bitmap[asked]  # -1 is a place of the user before, or the last one
            bitmap[wanted] = False
        return found & (self.items >= 0)

    @cached_property
    def relevant(self) -> Places:
        """(users,) how many items are relevant at all."""
        return np.diff(self.truth.indptr).astype(np.int64)


@dataclass(frozen=True)
class ItemStats:
    """What is known of all items: their number, how many users had each before, their vectors and categories.

    popularity: (items + 1,) users who had the item in training, of ``users`` users. vectors: (items + 1, d) of length
    1, zeros where ``has_vector`` is False. categories: (items + 1, c) csr, rows sum to 1 (or 0: none known). None where
    unknown. The last row is for every item that nobody knows: no user had it, it has no vector and no category.
    like: from this grade on a rating says that the user liked the item.
    """

    items: int
    users: int = 0
    popularity: Places | None = None
    vectors: Matrix | None = None
    has_vector: Mask | None = None
    categories: sp.csr_matrix | None = None
    like: float = 0.0


class Metric(ABC):
    """One number per user. ``sentence``, ``formula`` and ``source`` are what the documentation and --help say.

    better: "more", "less", or "" where neither is better as such. needs: which of history, popularity, vectors,
    categories and ratings (all grades, and not only those of what is relevant) it cannot do without. takes_k: has the
    form ``name@k``; without k it is of the whole list.
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
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) the value for each user, NaN for a user for whom it means nothing (left out of the mean).

        k: how many places are looked at; WHOLE for all. The lists may be shorter, and longer.
        """


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
    def of(shown: Places, item_stats: ItemStats) -> float:
        """shown: (items,) in how many users' first k places each item is, without those that nobody knows."""


class Pooled(Metric):
    """A metric of all users' ratings together, and not of users alike: who rated more counts for more."""

    takes_k = False
    needs = ("ratings",)

    @staticmethod
    @abstractmethod
    def sums(lists: Lists, item_stats: ItemStats) -> tuple[PerUser, PerUser]:
        """(users,) what is added up over each user's ratings, and (users,) over how many of them."""

    @staticmethod
    def finish(mean: PerUser) -> PerUser:
        """The metric of a sum divided by its number."""
        return mean

    @classmethod
    def each(cls, lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """(users,) the metric of each user's own ratings, NaN without any."""
        total, n = cls.sums(lists, item_stats)
        return cls.finish(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))

"""Base classes of metrics, and the data they are computed from."""

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
WHOLE = 2**31 - 1  # k that stands for the whole list
_BITS = 1 << 21


@dataclass(frozen=True)
class Lists:
    """Recommendation lists of some users, with the items that are relevant to each of them.

    Attributes
    ----------
    items : Places
        (users, k) item numbers, best first; -1 after the end of a list. The number ``ItemStats.items``, one past the
        last, stands for every unknown item.
    truth : sp.csr_matrix
        (users, items + 1) gains, above 0 where an item is relevant (1, or its grade). Sorted indices.
    history : sp.csr_matrix | None, default=None
        The same for the interactions before the recommendation; None if not known.
    scores : Matrix | None, default=None
        (users, k) scores given by the recommender, NaN where it gave none; None if there are no scores at all.
    """

    items: Places
    truth: sp.csr_matrix
    history: sp.csr_matrix | None = None
    scores: Matrix | None = None

    @cached_property
    def gains(self) -> Matrix:
        """(users, k) float32 gain of the item at each position; 0 where it is not relevant."""
        gains = np.zeros(self.items.shape, np.float32)
        rows, places = np.nonzero(self.hits)
        if len(rows):
            width = self.truth.shape[1]
            keys = rows * width + self.items[rows, places]
            gains[rows, places] = self.truth.data[np.searchsorted(self._wanted, keys)]
        return gains

    @cached_property
    def _wanted(self) -> Places:
        """Every relevant (user, item) pair as one number; ascending, because the indices of the csr are sorted."""
        n, width = self.truth.shape
        return np.repeat(np.arange(n, dtype=np.int64) * width, np.diff(self.truth.indptr)) + self.truth.indices

    @cached_property
    def hits(self) -> Mask:
        """(users, k) whether the item at each position is relevant.

        Computed with a bitmap over so few users at a time that it stays in the processor's cache.
        """
        n, width = self.truth.shape
        found = np.zeros(self.items.shape, bool)
        step = max(1, _BITS // width)
        bitmap = np.zeros(min(step, n) * width, bool)
        for start in range(0, n, step):
            rows = slice(start, min(start + step, n))
            wanted = self._wanted[self.truth.indptr[rows.start] : self.truth.indptr[rows.stop]] - start * width
            bitmap[wanted] = True
            keys = self.items[rows] + np.arange(rows.stop - start)[:, None] * width
            found[rows] = bitmap[keys]  # -1 reads a cell of another row; the mask below removes it
            bitmap[wanted] = False
        return found & (self.items >= 0)

    @cached_property
    def relevant(self) -> Places:
        """(users,) number of relevant items of each user."""
        return np.diff(self.truth.indptr).astype(np.int64)


@dataclass(frozen=True)
class ItemStats:
    """Properties of all items that metrics use: number, popularity, vectors and categories.

    The last row of each array stands for unknown items: no user had them, and they have no vector and no category.

    Attributes
    ----------
    items : int
        Number of items.
    users : int, default=0
        Number of users in the training data.
    popularity : Places | None, default=None
        (items + 1,) number of users who had the item in training; None if not known.
    vectors : Matrix | None, default=None
        (items + 1, d) float32 rows of length 1, zeros where ``has_vector`` is False; None if not known.
    has_vector : Mask | None, default=None
        (items + 1,) whether the item has a vector; None if not known.
    categories : sp.csr_matrix | None, default=None
        (items + 1, c) csr; rows sum to 1, or to 0 for an item without categories. None if not known.
    like : float, default=0.0
        Smallest grade that counts as liked.
    """

    items: int
    users: int = 0
    popularity: Places | None = None
    vectors: Matrix | None = None
    has_vector: Mask | None = None
    categories: sp.csr_matrix | None = None
    like: float = 0.0


class Metric(ABC):
    """A metric with one value per user.

    Attributes
    ----------
    name : ClassVar[str]
        Name on the command line, such as ``ndcg``.
    sentence : ClassVar[str]
        One plain sentence that says what is measured; shown in the documentation and in ``--help``.
    formula : ClassVar[str]
        The formula, as text.
    source : ClassVar[str]
        Publication that defines the metric.
    better : ClassVar[str], default="more"
        "more" or "less"; "" if neither is better in itself.
    needs : ClassVar[tuple[str, ...]], default=()
        Inputs that the metric cannot do without: ``history``, ``popularity``, ``vectors``, ``categories``, ``ratings``
        (grades of all items, not only of the relevant ones).
    takes_k : ClassVar[bool], default=True
        Whether the metric is written ``name@k``. Without ``@k`` it is computed over the whole list.
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
        """Compute the metric for each user.

        Parameters
        ----------
        lists : Lists
            The lists to evaluate; they may be shorter or longer than ``k``.
        k : int
            Number of positions to look at; ``WHOLE`` for all of them.
        item_stats : ItemStats
            Properties of the items.

        Returns
        -------
        PerUser
            (users,) values. NaN for users for whom the metric is not defined; they are left out of the mean.
        """


class Exposure(ABC):
    """A metric with one value for all users together, computed from how often each item was shown.

    Attributes
    ----------
    name : ClassVar[str]
        Name on the command line, such as ``coverage``.
    sentence : ClassVar[str]
        One plain sentence that says what is measured; shown in the documentation and in ``--help``.
    formula : ClassVar[str]
        The formula, as text.
    source : ClassVar[str]
        Publication that defines the metric.
    better : ClassVar[str], default="more"
        "more" or "less"; "" if neither is better in itself.
    needs : ClassVar[tuple[str, ...]], default=()
        Inputs that the metric cannot do without; see ``Metric``.
    takes_k : ClassVar[bool], default=True
        Whether the metric is written ``name@k``. Without ``@k`` it is computed over the whole list.
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
        """Compute the metric from the number of times each item was shown.

        Parameters
        ----------
        shown : Places
            (items,) number of users who have the item in their first k positions. Unknown items are not counted.
        item_stats : ItemStats
            Properties of the items.

        Returns
        -------
        float
            The value; NaN if it is not defined.
        """


class Pooled(Metric):
    """A metric over the ratings of all users together; users with more ratings count for more."""

    takes_k = False
    needs = ("ratings",)

    @staticmethod
    @abstractmethod
    def sums(lists: Lists, item_stats: ItemStats) -> tuple[PerUser, PerUser]:
        """Sum the metric's terms over the ratings of each user.

        Parameters
        ----------
        lists : Lists
            The lists to evaluate, with scores.
        item_stats : ItemStats
            Properties of the items.

        Returns
        -------
        tuple[PerUser, PerUser]
            (users,) sums, and (users,) numbers of ratings that were summed.
        """

    @staticmethod
    def finish(mean: PerUser) -> PerUser:
        """Turn the mean of the terms into the metric.

        Parameters
        ----------
        mean : PerUser
            (n,) sums divided by numbers of ratings.

        Returns
        -------
        PerUser
            (n,) values of the metric; by default the mean itself.
        """
        return mean

    @classmethod
    def each(cls, lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Compute the metric from each user's own ratings; NaN for users without ratings."""
        total, n = cls.sums(lists, item_stats)
        return cls.finish(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))

"""Chronological histories of users, the input of sequence models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.data import Times
from visrec_cli.recommenders.top_k import tie_order
from visrec_cli.tables.vectors import Mask, Rows


@dataclass(frozen=True)
class UserSequences:
    """The items of users' histories in chronological order.

    Attributes
    ----------
    items : Rows
        (n,) items, user by user, oldest first.
    ends : Rows
        (users + 1,) limits of each user's items.
    cells : Rows
        (n,) index of each step in the data of the history.
    """

    items: Rows
    ends: Rows
    cells: Rows

    @classmethod
    def of(cls, history: sp.csr_matrix, times: Times | None, ids: Sequence[str], usable: Mask) -> "UserSequences":
        """Order histories by time.

        Items that were not liked (weight 0) and items that the model does not know are no steps. An item that occurs
        more than once stands at its last place. Equal times are ordered by a hash of the id, so that the order of a
        file or a catalogue is not mistaken for an order of events.

        Parameters
        ----------
        history : sp.csr_matrix
            (users, items) csr of weights.
        times : Times | None
            (nnz,) milliseconds since 1970, in the order of ``history.data``; None if not known.
        ids : Sequence[str]
            Ids of the items.
        usable : Mask
            (items,) items that the model knows.

        Returns
        -------
        UserSequences
            The steps.
        """
        users = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        kept = np.flatnonzero((history.data > 0) & usable[history.indices])
        users, items = users[kept], history.indices[kept].astype(np.int64)
        distinct, places = np.unique(items, return_inverse=True)
        ranks = tie_order([ids[item] for item in distinct])[places] if len(distinct) else places
        order = np.lexsort((ranks, np.zeros(len(kept)) if times is None else times[kept], users))
        ends = np.searchsorted(users, np.arange(history.shape[0] + 1))
        return cls(items[order], ends.astype(np.int64), kept[order])

    def latest(self, length: int) -> tuple[Rows, Rows]:
        """(users, ≤ length) last items of each user, oldest first, padded with -1, and (users,) their number."""
        sizes = np.minimum(np.diff(self.ends), length)
        return filled(self.items, self.ends[1:] - sizes, sizes), sizes

    def windows(self, length: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Cut histories into windows for training.

        Every step except a user's first is predicted once. The places of the cuts in long histories are random.

        Parameters
        ----------
        length : int
            Length of a window.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        tuple[Rows, Rows]
            Two arrays (windows, length), padded with -1: the items of each window, and the items that followed each.
        """
        sizes = np.diff(self.ends) - 1  # steps that something follows
        users = np.repeat(np.arange(len(sizes)), np.maximum(sizes, 0))
        begin = np.cumsum(np.maximum(sizes, 0)) - np.maximum(sizes, 0)
        place = np.arange(len(users)) - begin[users]
        phase = np.where(sizes > length, rng.integers(0, length, len(sizes)), 0)
        piece = (place + phase[users]) // length
        starts = np.flatnonzero((np.diff(users, prepend=-1) != 0) | (np.diff(piece, prepend=-1) != 0))
        lengths = np.diff(starts, append=len(users))
        at = self.ends[users[starts]] + place[starts]
        return filled(self.items, at, lengths), filled(self.items, at + 1, lengths)


def filled(items: Rows, starts: Rows, sizes: Rows) -> Rows:
    """(rows, longest) runs of ``items`` from ``starts`` on, padded with -1."""
    places = np.arange(int(sizes.max(initial=0)))
    inside = places < sizes[:, None]
    found: Rows = np.where(inside, items[np.where(inside, starts[:, None] + places, 0)] if len(items) else -1, -1)
    return found

"""Chronological histories of users, the input of sequence models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.data import Times
from visrec_cli.recommenders.top_k import lots
from visrec_cli.tables.vectors import Mask, Rows


@dataclass(frozen=True)
class UserSequences:
    """items: (n,) what was touched, user by user, oldest first. ends: (users + 1,) where each user begins and ends.

    cells: (n,) where in the data of the history each step stands.
    """

    items: Rows
    ends: Rows
    cells: Rows

    @classmethod
    def of(cls, history: sp.csr_matrix, times: Times | None, ids: Sequence[str], usable: Mask) -> "UserSequences":
        """The steps of a history: (users, items) csr, times (nnz,) of its data.

        ids and usable: of the items. What was met and not liked (weight 0) is no step, nor is an item that a model
        knows nothing of. An item met more than once stands where it was met last. Of equal times the lot of the id
        decides, so that neither the order of a file nor that of a catalogue is mistaken for an order of events.
        """
        users = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        kept = np.flatnonzero((history.data > 0) & usable[history.indices])
        users, items = users[kept], history.indices[kept].astype(np.int64)
        distinct, places = np.unique(items, return_inverse=True)
        lot = lots([ids[item] for item in distinct])[places] if len(distinct) else places
        order = np.lexsort((lot, np.zeros(len(kept)) if times is None else times[kept], users))
        ends = np.searchsorted(users, np.arange(history.shape[0] + 1))
        return cls(items[order], ends.astype(np.int64), kept[order])

    def latest(self, length: int) -> tuple[Rows, Rows]:
        """``(items, sizes)``: (users, ≤ length) the last steps of each, oldest first, -1 behind them, and how many."""
        sizes = np.minimum(np.diff(self.ends), length)
        return filled(self.items, self.ends[1:] - sizes, sizes), sizes

    def windows(self, length: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """``(shown, next)``, each (windows, length), -1 behind the end: pieces of the steps, and what followed each.

        Every step but a user's first is followed up once. Where long histories are cut is drawn anew each time.
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
    """(rows, longest) runs of ``items`` from ``starts`` on, -1 behind their ends."""
    places = np.arange(int(sizes.max(initial=0)))
    inside = places < sizes[:, None]
    found: Rows = np.where(inside, items[np.where(inside, starts[:, None] + places, 0)] if len(items) else -1, -1)
    return found

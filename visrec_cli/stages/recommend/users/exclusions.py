"""Items excluded for all users, or for single users because of their history."""

from dataclasses import dataclass

import numpy as np

from visrec_cli.ranking.near_duplicates import with_twins
from visrec_cli.recommenders.model import Users
from visrec_cli.tables.vectors import Mask, Matrix, Rows


@dataclass(frozen=True)
class LeftOut:
    """forbidden: items for nobody. users, items: cells (users[i], items[i]) that are out; with ``only`` all others."""

    forbidden: Rows
    users: Rows
    items: Rows
    only: bool

    def strike(self, scores: Matrix) -> Matrix:
        """The scores, (users, all items), with -inf in place of every one that is no candidate's."""
        if self.only:
            kept = scores[self.users, self.items]
            scores.fill(-np.inf)
            scores[self.users, self.items] = kept
        else:
            scores[self.users, self.items] = -np.inf
        scores[:, self.forbidden] = -np.inf
        return scores


def left_out(past: Users, allowed: Mask, seen: str, groups: Rows | None) -> LeftOut:
    """past: what a block of users did. allowed: (items,). seen, groups: see selection.Chooser."""
    forbidden = np.flatnonzero(~allowed)
    history = past.history
    users = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    if seen == "in":
        return LeftOut(forbidden, users[:0], users[:0], only=False)
    if seen == "only":
        liked = history.data > 0  # nobody comes back to what they disliked
        return LeftOut(forbidden, users[liked], history.indices[liked], only=True)
    if groups is None:
        return LeftOut(forbidden, users, history.indices, only=False)
    has = np.zeros(history.shape, bool)
    has[users, history.indices] = True
    users, items = np.nonzero(with_twins(has, groups))
    return LeftOut(forbidden, users, items, only=False)

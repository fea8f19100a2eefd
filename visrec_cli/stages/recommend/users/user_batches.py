"""Users in blocks, with their rows in each model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.model import Users
from visrec_cli.runtime.threads import usable_cores
from visrec_cli.stages.recommend.users.candidate_items import CandidateItems
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.tables.vectors import Mask, Rows

_AT_LEAST, _AT_MOST = 32, 512  # users at once: fewer would read all the items' factors for little
_CELLS = 2**23  # scores at once, 32 MiB per model: with half of it the blocks wait for each other too often
_TOGETHER = 2**26  # scores of all blocks that are worked on side by side: 256 MiB per model


@dataclass(frozen=True)
class UserBatches:
    """A block of users. sides[m]: those of them whom model m knows, as (their places in the block, the users)."""

    ids: tuple[str, ...]
    sides: tuple[tuple[Rows, Users], ...]

    @property
    def known(self) -> Mask:
        """(users,) whether any model knows something that they like."""
        known = np.zeros(len(self.ids), bool)
        for places, users in self.sides:
            rows = np.repeat(places, np.diff(users.history.indptr))
            known[rows[users.history.data > 0]] = True
        return known

    def past(self, candidates: CandidateItems) -> Users:
        """What each did, over the items of the stock; of two models that tell it the first is believed."""
        keys, weights, times = [], [], []
        for places, (at, users) in zip(candidates.places, self.sides, strict=True):
            rows = np.repeat(at, np.diff(users.history.indptr))
            keys.append(rows * len(candidates.ids) + places[users.history.indices])
            weights.append(users.history.data)
            times.append(users.times)
        cells, first = np.unique(np.concatenate(keys), return_index=True)
        parts = (np.concatenate(weights)[first], (cells // len(candidates.ids), cells % len(candidates.ids)))
        history = sp.csr_matrix(parts, shape=(len(self.ids), len(candidates.ids)), dtype=np.float32)
        known_times = [one for one in times if one is not None]
        return Users(self.ids, history, np.concatenate(known_times)[first] if len(known_times) == len(times) else None)


def user_batches(loaded: Sequence[LoadedModel], ids: Sequence[str]) -> UserBatches:
    """These users, as the models know them."""
    sides = []
    for one in loaded:
        matches = [(place, one.row_of[user]) for place, user in enumerate(ids) if user in one.row_of]
        places, rows = np.array(matches, np.int64).reshape(-1, 2).T
        sides.append((places, one.users.take(rows)))
    return UserBatches(tuple(ids), tuple(sides))


def in_blocks(loaded: Sequence[LoadedModel], ids: Sequence[str], items: int) -> Iterator[UserBatches]:
    """All of them, so many at once that their scores fit into memory whatever their number."""
    size = _size(items)
    return (user_batches(loaded, ids[start : start + size]) for start in range(0, len(ids), size))


def blocks_together(items: int) -> int:
    """How many blocks may be worked on side by side."""
    return max(1, min(usable_cores(), _TOGETHER // (_size(items) * max(items, 1))))


def _size(items: int) -> int:
    return min(_AT_MOST, max(_AT_LEAST, _CELLS // max(items, 1)))  # whatever the cores: scores depend on it

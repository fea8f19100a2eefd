"""From scores to the top k of each user."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import InputError
from visrec_cli.ranking.blend import blend_ranks, blend_scores
from visrec_cli.ranking.mmr import diversify
from visrec_cli.ranking.near_duplicates import leave_best_of_group
from visrec_cli.recommenders.model import Users
from visrec_cli.recommenders.top_k import top_k
from visrec_cli.stages.recommend.users.blend_weights import Blend
from visrec_cli.stages.recommend.users.candidate_items import CandidateItems
from visrec_cli.stages.recommend.users.exclusions import LeftOut, left_out
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.stages.recommend.users.repeat_consumption import habit
from visrec_cli.stages.recommend.users.user_batches import UserBatches
from visrec_cli.tables.vectors import Mask, Matrix, Rows, unit_rows

_DEEP, _DEEP_AT_LEAST = 10, 100


@dataclass(frozen=True)
class Choice:
    """The selection for a block of users. rows: (users, k) candidates, best first, -1 where there are no more.

    known: (users,) False for those who get the fallback. past: what each did, over the candidates.
    """

    user_batches: UserBatches
    past: Users
    known: Mask
    rows: Rows
    scores: Matrix

    def short_of(self, k: int) -> int:
        """How many users are shown fewer than k items."""
        return int(((self.rows >= 0).sum(axis=1) < k).sum())


@dataclass(frozen=True)
class Chooser:
    """Ranks the candidates for users.

    seen: ``out`` leaves out what a user already has, ``in`` lets it compete, ``only`` ranks nothing else, by the model
    and by habit. allowed: (items,). fallback: (items,) what ranks the items for a user nobody knows. groups: (items,)
    known duplicates share a number: what a user has in another picture is theirs too, and of twins the better is shown.
    """

    loaded: tuple[LoadedModel, ...]
    candidates: CandidateItems
    blend: Blend
    k: int
    seen: str
    allowed: Mask
    fallback: npt.NDArray[np.float32]
    diversity: float = 0.0
    vectors: Matrix | None = None
    groups: Rows | None = None

    def __post_init__(self) -> None:
        if self.diversity > 0 and self.vectors is None:
            raise InputError(
                f"--diversity compares items, and {self.blend.source} has no vectors of them",
                fix="add --items with a table of embeddings",
            )

    def choose(self, user_batches: UserBatches) -> Choice:
        """The best k for each of them."""
        past = user_batches.past(self.candidates)
        out = left_out(past, self.allowed, self.seen, self.groups)
        known = user_batches.known
        total = self._total(user_batches, past, out)
        if not known.all():
            total[~known] = self.fallback
            out.strike(total)
        if self.groups is not None and self.seen != "only":
            leave_best_of_group(total, self.groups, self.candidates.tie_order)
        pool = max(_DEEP * self.k, _DEEP_AT_LEAST) if self.diversity > 0 else self.k
        rows, scores = top_k(total, pool, tie_order=self.candidates.tie_order)
        if self.diversity > 0:
            rows, scores = self._spread(rows, scores)
        return Choice(user_batches, past, known, rows, scores)

    def of_model(self, at: int, user_batches: UserBatches) -> Matrix:
        """(users, items of the stock) one model's scores, -inf for users and items that it does not know."""
        places, users = user_batches.sides[at]
        known, columns = self.loaded[at].model.scores(users), self.candidates.places[at]
        if at == 0 and known.shape == (len(user_batches.ids), len(self.candidates.ids)):  # then all are in their places
            return known
        scores = np.full((len(user_batches.ids), len(self.candidates.ids)), -np.inf, np.float32)
        scores[np.ix_(places, columns)] = known
        return scores

    def _total(self, user_batches: UserBatches, past: Users, out: LeftOut) -> Matrix:
        each = [out.strike(self.of_model(at, user_batches)) for at in range(len(self.loaded))]
        if len(each) == 1:
            total = each[0]
        elif self.blend.by == "rank":
            depth = max(_DEEP * self.k, _DEEP_AT_LEAST)
            total = blend_ranks(each, self.blend.weights, depth=depth, tie_order=self.candidates.tie_order)
        else:
            total = blend_scores(each, self.blend.weights)
        if self.seen == "only":
            return blend_scores([total, out.strike(habit(past))], [1.0, 1.0])
        return total

    def _spread(self, rows: Rows, scores: Matrix) -> tuple[Rows, Matrix]:
        """The k of each pool that are good and unlike each other. Scores count as 0 (worst of the pool) to 1 (best)."""
        picked = np.full((len(rows), min(self.k, rows.shape[1])), -1, np.int64)
        kept = np.full(picked.shape, -np.inf, np.float32)
        vectors = self.vectors
        for user, (pool, values) in enumerate(zip(rows, scores, strict=True)):
            valid = pool >= 0
            if vectors is None or not valid.any():
                continue
            pool, values = pool[valid], values[valid]
            span = values[0] - values[-1]
            even = (values - values[-1]) / span if span > 0 else np.ones_like(values)
            chosen = diversify(even, vectors[pool], self.k, self.diversity)
            picked[user, : len(chosen)], kept[user, : len(chosen)] = pool[chosen], values[chosen]
        return picked, kept


def item_vectors(loaded: Sequence[LoadedModel], candidates: CandidateItems) -> Matrix | None:
    """(items, f) of length 1: the factors of the first model that has any, zeros for items it does not know."""
    for one, places in zip(loaded, candidates.places, strict=True):
        factors = one.model.items.factors
        if factors is not None:
            vectors = np.zeros((len(candidates.ids), factors.shape[1]), np.float32)
            vectors[places] = unit_rows(factors)
            return vectors
    return None

"""Random baseline: a fixed random order of the items per user."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import ndtri

from visrec_cli.recommenders.base import Recommender, TrainingCallback
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.model_requirements import factors_of, number_of
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Matrix

_WIDTH = 32  # 16-bit numbers: one blake2b digest


class Random(Recommender):
    """A random order per user, as a baseline.

        score(u, i) = r(u)·r(i),   r(id) a random direction, drawn by hashing the id

    The order depends on the ids alone: new users and new items can be ranked too, and the order of a file has no
    influence. All directions are equally likely and have length 1, so that no item is favoured over all users.
    """

    name = "random"
    summary = "a random order: what every other recommender must beat"

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Draw directions for all users and items; nothing is learned."""
        seed = np.array([self.seed % 2**63], np.int64)
        return Model(
            self.name,
            self.set,
            users_of(log, factors=_directions("user", log.users, seed)),
            Items(log.items, np.ones(len(log.items), bool), _directions("item", log.items, seed)),
            (("chance", _WIDTH),),
            state={"seed": seed},
        )

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        number_of(model, origin, "seed")
        origin.require_shape(factors_of(model, origin), (None, _WIDTH), "factors")

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """Draw directions for the users; their histories have no influence."""
        return Users(tuple(ids), history, times, _directions("user", ids, model.state["seed"]))

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """Draw directions for the items; all of them can be scored."""
        return Items(tuple(ids), np.ones(len(ids), bool), _directions("item", ids, model.state["seed"]))


def _directions(side: str, ids: Sequence[str], seed: npt.NDArray[np.int64]) -> Matrix:
    """(n, 32) float32 rows of length 1: hashed bits as normal deviates, whose direction is uniform."""
    salt = f"{int(seed.item())} {side} ".encode()
    digests = b"".join(hashlib.blake2b(salt + one.encode()).digest() for one in ids)
    bits = np.frombuffer(digests, "<u2").reshape(len(ids), _WIDTH)
    drawn = ndtri((bits + 0.5) / 65536)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

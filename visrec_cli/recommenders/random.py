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

_WIDTH = 32  # of 16-bit numbers: one blake2b digest


class Random(Recommender):
    """A random order per user, as the baseline of chance.

        score(u, i) = r(u)·r(i),   r(id) a direction drawn by hashing the id

    An id alone decides, so that new users and new items have their place too, and the order of a file means nothing.
    All directions are equally likely and all have length 1: no item is favoured over all users.
    """

    name = "random"
    summary = "chance itself: what every other recommender must beat"

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Nothing is learned; every item can be scored."""
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
        """The ids decide, not the history."""
        return Users(tuple(ids), history, times, _directions("user", ids, model.state["seed"]))

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """All of them can be scored."""
        return Items(tuple(ids), np.ones(len(ids), bool), _directions("item", ids, model.state["seed"]))


def _directions(side: str, ids: Sequence[str], seed: npt.NDArray[np.int64]) -> Matrix:
    """(n, 32) float32 of length 1: hashed bits as normal deviates, whose direction is uniform."""
    salt = f"{int(seed.item())} {side} ".encode()
    digests = b"".join(hashlib.blake2b(salt + one.encode()).digest() for one in ids)
    bits = np.frombuffer(digests, "<u2").reshape(len(ids), _WIDTH)
    drawn = ndtri((bits + 0.5) / 65536)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

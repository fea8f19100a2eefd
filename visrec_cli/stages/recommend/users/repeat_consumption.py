"""Repeat consumption: scores of items to buy again."""

import numpy as np

from visrec_cli.recommenders.data import DAY
from visrec_cli.recommenders.model import Users
from visrec_cli.tables.time import are_positions
from visrec_cli.tables.vectors import Matrix

_DECAY = 0.5


def habit(past: Users) -> Matrix:
    """(users, items): ln(weight) - 0.5 · ln(1 + days since), for what each user likes; -inf elsewhere.

    Days count from the newest of what the user likes. Without times, or with
    an order alone, only the weight (how often, how much) speaks.
    Source: base-level activation, B = ln(sum of t^-d) with d = 0.5 (Anderson & Schooler 1991), with a user's clicks on
    one item all at the time of the last.
    """
    history = past.history
    habits = np.full(history.shape, -np.inf, np.float32)
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    strength = np.log(np.maximum(history.data, 1e-6).astype(np.float64))
    if past.times is not None and len(past.times) and not are_positions(past.times):
        newest = np.full(history.shape[0], np.iinfo(np.int64).min)
        liked = history.data > 0  # a thing merely seen is not come back to, nor counted from
        np.maximum.at(newest, rows[liked], past.times[liked])
        strength = strength - _DECAY * np.log1p(np.maximum(newest[rows] - past.times, 0) / DAY)
    habits[rows, history.indices] = np.where(history.data > 0, strength, -np.inf)
    return habits

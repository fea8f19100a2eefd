"""Fallback for unknown users: recently popular items."""

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.model import Users
from visrec_cli.recommenders.popularity import Popularity

HALF_LIFE = 30  # days, counted back from the newest click that the model knows


def popularity(users: Users, items: tuple[str, ...]) -> tuple[npt.NDArray[np.float32], str]:
    """(items,) what the recommender ``popularity`` says of each, and what to call that; -inf where nobody clicked.

    Where the histories have times, a click counts half for every 30 days that it is older than the newest one.
    """
    log = Log(users.ids, items, users.history, users.times)
    log = log.only(log.matrix.data > 0)  # a weight of 0 is a thing seen and not liked
    lately = log.dated
    model = Popularity(half_life=HALF_LIFE if lately else 0).fit(log)
    assert model.items.bias is not None
    scores = np.where(model.items.known, model.items.bias, -np.inf).astype(np.float32)
    return scores, "recent popularity" if lately else "popularity"

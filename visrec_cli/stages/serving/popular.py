"""What a user is offered of whom nothing is known: what people clicked lately."""

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.model import Users

HALF_LIFE = 30  # days, counted back from the newest click that the model knows
DAY = 86_400_000


def popularity(users: Users) -> tuple[npt.NDArray[np.float32], str]:
    """(items,) clicks of each item, and what to call that; -inf for items that nobody clicked.

    A click counts half for every 30 days that it is older than the newest one; without times all count alike.
    """
    history, times = users.history, users.times
    liked = history.data > 0  # a weight of 0 is a thing seen and not liked
    items, n = history.indices[liked], history.shape[1]
    touched = np.bincount(items, minlength=n)
    if times is None or not len(times):
        return np.where(touched > 0, touched, -np.inf).astype(np.float32), "popularity"
    ages = (times.max() - times[liked]) / (HALF_LIFE * DAY)
    counts = np.bincount(items, 0.5**ages, minlength=n)
    return np.where(touched > 0, counts, -np.inf).astype(np.float32), "recent popularity"

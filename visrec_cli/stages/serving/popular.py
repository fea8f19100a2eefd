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
    if times is None or not len(times):
        counts, name = np.bincount(history.indices, minlength=history.shape[1]), "popularity"
    else:
        weights = 0.5 ** ((times.max() - times) / (HALF_LIFE * DAY))
        counts, name = np.bincount(history.indices, weights, minlength=history.shape[1]), "recent popularity"
    touched = np.bincount(history.indices, minlength=history.shape[1]) > 0
    return np.where(touched, counts, -np.inf).astype(np.float32), name

"""Popularity: the same list for every user, without seen items."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import DAY, Content, Log
from visrec_cli.recommenders.model import Items, Model, users_of


class Popularity(Recommender):
    """The items with the most clicks, of all time or recently.

        score(i) = sum over the clicks on i of  weight · 2^(-age / half_life)

    The age of a click is counted from the newest click of the log, so that a model does not depend on the day on which
    it is trained. Items without clicks are not recommended.
    """

    name = "popularity"
    summary = "the same best-sellers for everybody: the baseline to beat, and the fallback for unknown users"
    settings: ClassVar[dict[str, Setting]] = {
        "half_life": Setting(
            0.0, "days after which a click counts half; 0: all clicks count equally", least=0, needs=("times",)
        ),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Count the clicks. Raises UsageError if clicks are to age and the log has no dates."""
        counted = np.bincount(log.matrix.indices, log.matrix.data * self._freshness(log), len(log.items))
        items = Items(log.items, log.touched, bias=counted.astype(np.float32))
        return Model(self.name, self.set, users_of(log), items)

    def _freshness(self, log: Log) -> npt.NDArray[np.float64] | float:
        half_life = self.set["half_life"]
        if half_life == 0 or not log.matrix.nnz:
            return 1.0
        log.require_dates("popularity with a half_life")
        assert log.times is not None
        age: npt.NDArray[np.float64] = (log.times.max() - log.times) / (half_life * DAY)
        return np.exp2(-age)

"""``eval --metrics first-hit@10``: how early the first hit comes."""

import numpy as np

from visrec_cli.metrics.base import ItemStats, Lists, Metric, PerUser

HALF = 5  # places after which a hit counts half


class FirstHit(Metric):
    """Position of the first hit, worth half as much every five places."""

    name = "first-hit"
    sentence = "How early the first relevant item comes: 1 in the first place, half of that five places later."
    formula = "2^(-(r - 1) / 5), r ≤ k the place of the first hit; 0 without one"
    source = "an example; compare mrr, where the second place is worth half of the first"

    @staticmethod
    def each(lists: Lists, k: int, item_stats: ItemStats) -> PerUser:
        """Value of each user, in [0, 1]; NaN without relevant items, which leaves the user out of the mean."""
        hits = lists.hits[:, :k]
        if not hits.shape[1]:
            return np.where(lists.relevant > 0, 0.0, np.nan)
        values = np.where(hits.any(axis=1), np.exp2(-hits.argmax(axis=1) / HALF), 0.0)
        return np.where(lists.relevant > 0, values, np.nan)

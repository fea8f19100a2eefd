"""Diversification of answers."""

import numpy as np
import numpy.typing as npt


def diversify(
    scores: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32], k: int, diversity: float
) -> npt.NDArray[np.int64]:
    """Positions of k candidates, picked one by one by maximal marginal relevance.

    Each pick has the highest (1 - diversity) · score - diversity · (cosine to the most similar item picked before).
    scores: (m,) similarity to the query, best first. vectors: (m, d) of length 1. diversity: 0 keeps the order,
    1 ignores the query after the first pick. Equal values go to the candidate with the better score.
    Source: Carbonell & Goldstein 1998 (SIGIR), with lambda = 1 - diversity.
    """
    k = min(k, len(scores))
    open_to_pick = np.ones(len(scores), bool)
    closest = np.full(len(scores), -np.inf, np.float32)
    picks: list[int] = []
    for _ in range(k):
        penalty = diversity * closest if picks else np.float32(0)
        value = np.where(open_to_pick, (1 - diversity) * scores - penalty, -np.inf)
        pick = int(np.argmax(value)) if picks else 0
        picks.append(pick)
        open_to_pick[pick] = False
        closest = np.maximum(closest, vectors @ vectors[pick])
    return np.array(picks, np.int64)

"""Diversification of results."""

import numpy as np
import numpy.typing as npt


def diversify(
    scores: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32], k: int, diversity: float
) -> npt.NDArray[np.int64]:
    """Pick k candidates one by one, by maximal marginal relevance.

    Each pick has the highest (1 - diversity) · score - diversity · (cosine to the most similar item picked before).
    Ties go to the candidate with the better score.

    Parameters
    ----------
    scores : npt.NDArray[np.float32]
        (m,) float32 similarity to the query, best first.
    vectors : npt.NDArray[np.float32]
        (m, d) float32, rows of length 1.
    k : int
        Number of picks.
    diversity : float
        From 0 to 1: 0 keeps the order, 1 ignores the query after the first pick.

    Returns
    -------
    npt.NDArray[np.int64]
        (min(k, m),) positions of the picks.

    References
    ----------
    Carbonell & Goldstein 1998 (SIGIR), with lambda = 1 - diversity.
    """
    k = min(k, len(scores))
    available = np.ones(len(scores), bool)
    closest = np.full(len(scores), -np.inf, np.float32)
    picks: list[int] = []
    for _ in range(k):
        penalty = diversity * closest if picks else np.float32(0)
        value = np.where(available, (1 - diversity) * scores - penalty, -np.inf)
        pick = int(np.argmax(value)) if picks else 0
        picks.append(pick)
        available[pick] = False
        closest = np.maximum(closest, vectors @ vectors[pick])
    return np.array(picks, np.int64)

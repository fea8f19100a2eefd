"""Automatic settings of ALS for a log: the weight of unobserved pairs and the regularisation.

With W the sum of all weights, and clicks(u) and clicks(i) the number of clicks of a user and an item:

    α₀  = 4 · W / (users · items)
    reg = min(0.8 · z^1.5, 0.9) / (1 + α₀ · users · items / W),    z = mean over clicks of 1/√clicks(u) + 1/√clicks(i)

If every click weighs 1, this α₀ makes all pairs without a click weigh four times as much as all clicks, for any density
of the log, and z is about the largest singular value that w(u, i) / √(W(u) · W(i)) has by chance. A factor of ALS
vanishes if its own singular value there is below reg · (1 + α₀ · users · items / W), and grows with the excess, so this
product has to follow the noise. 0.8 · z^1.5 and the 4 were chosen on validation parts of films, a shop, videos and
synthetic clicks, complete and thinned (benchmarks/defaults.py). Too much is worse than too little: beyond some point
all factors vanish. The product depends on the number of clicks and not on the spread of their weights: with baskets or
heavy tails as weights, the best value on validation parts was the same as with equal weights. Doubling all weights
changes only α₀, which doubles too. For ν other than 1, reg gives the mean rows the same λ.
"""

import numpy as np
import scipy.sparse as sp

_UNOBSERVED = 4.0
_SLOPE, _POWER, _MOST = 0.8, 1.5, 0.9  # at 1 all factors would vanish
_DIGITS = 3  # significant digits of the results; more would suggest a precision that they do not have


def unobserved_weight_of(matrix: sp.csr_matrix, times: float = 1.0) -> float:
    """Compute α₀ for a log.

    Parameters
    ----------
    matrix : sp.csr_matrix
        (users, items) csr of weights.
    times : float, default=1.0
        Factor to multiply the result with.

    Returns
    -------
    float
        The weight of an unobserved pair; 1 for an empty log.
    """
    weight, users, items, _ = _sizes(matrix)
    return _rounded(times * _UNOBSERVED * weight / (users * items)) if weight > 0 else 1.0


def regularisation_of(matrix: sp.csr_matrix, unobserved: float, nu: float, times: float = 1.0) -> float:
    """Compute reg for a log.

    Parameters
    ----------
    matrix : sp.csr_matrix
        (users, items) csr of weights.
    unobserved : float
        The α₀ that goes with it.
    nu : float
        The ν that goes with it.
    times : float, default=1.0
        Factor to multiply the result with.

    Returns
    -------
    float
        The strength of the regularisation; 1 for an empty log.
    """
    weight, users, items, noise = _sizes(matrix)
    if weight <= 0:
        return 1.0
    share = unobserved * users * items / weight
    reg = min(_SLOPE * noise**_POWER, _MOST) / (1 + share)
    mean_rows = weight * (1 + share) / users, weight * (1 + share) / items
    return _rounded(times * reg * (mean_rows[0] * mean_rows[1]) ** ((1 - nu) / 2))


def _sizes(matrix: sp.csr_matrix) -> tuple[float, int, int, float]:
    """W, the number of users and of items with a click, and z."""
    clicks = matrix > 0  # without stored zeros
    counts = [np.asarray(clicks.sum(axis=axis)).ravel() for axis in (1, 0)]
    users, items = (int(np.count_nonzero(side)) for side in counts)
    noise = float(sum(np.sqrt(side).sum() for side in counts)) / max(int(clicks.nnz), 1)
    return float(matrix.data.sum(dtype=np.float64)), users, items, noise


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")

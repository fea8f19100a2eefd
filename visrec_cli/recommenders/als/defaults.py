"""Automatic settings of ALS for a log: the weight of unobserved pairs and the regularisation.

With W the sum of all weights, and clicks(u) and clicks(i) how many clicks a user and an item have:

    α₀  = 4 · W / (users · items)
    reg = min(0.8 · z^1.5, 0.9) / (1 + α₀ · users · items / W),    z = mean over clicks of 1/√clicks(u) + 1/√clicks(i)

Where all clicks weigh 1, α₀ makes all that was not clicked weigh four times as much as all clicks, however dense the
log, and z is about the largest singular value that chance gives to w(u, i) / √(W(u) · W(i)). A factor of ALS vanishes
where its own singular value there is below reg · (1 + α₀ · users · items / W), and grows with what it has above that,
so this product is what has to follow the noise: 0.8 · z^1.5 was chosen on validation parts of films, a shop, videos and
invented clicks, whole and thinned, and 4 with it (benchmarks/defaults.py). Too much is worse than too little: there
comes a point where all factors vanish. So the product follows how many clicks there are, and not how much they differ
in weight: with baskets or heavy tails as weights, the best on validation parts was where it is with equal ones. Weights
that are all doubled change nothing but α₀, which doubles too. For another ν than 1, reg gives the mean rows the same λ.
"""

import numpy as np
import scipy.sparse as sp

_UNOBSERVED = 4.0
_SLOPE, _POWER, _MOST = 0.8, 1.5, 0.9  # at 1 all factors would vanish
_DIGITS = 3  # of the numbers: more would promise too much


def unobserved_weight_of(matrix: sp.csr_matrix, times: float = 1.0) -> float:
    """α₀ for a log (users, items) of weights. times: a multiple of it instead. Of an empty log, nothing is known: 1."""
    weight, users, items, _ = _sizes(matrix)
    return _rounded(times * _UNOBSERVED * weight / (users * items)) if weight > 0 else 1.0


def regularisation_of(matrix: sp.csr_matrix, unobserved: float, nu: float, times: float = 1.0) -> float:
    """reg for a log (users, items) of weights, and the α₀ and ν that go with it. times: a multiple of it instead."""
    weight, users, items, noise = _sizes(matrix)
    if weight <= 0:
        return 1.0
    share = unobserved * users * items / weight
    reg = min(_SLOPE * noise**_POWER, _MOST) / (1 + share)
    mean_rows = weight * (1 + share) / users, weight * (1 + share) / items
    return _rounded(times * reg * (mean_rows[0] * mean_rows[1]) ** ((1 - nu) / 2))


def _sizes(matrix: sp.csr_matrix) -> tuple[float, int, int, float]:
    """W, the users and items with a click, and z."""
    clicks = matrix > 0  # not what is stored as 0
    counts = [np.asarray(clicks.sum(axis=axis)).ravel() for axis in (1, 0)]
    users, items = (int(np.count_nonzero(side)) for side in counts)
    noise = float(sum(np.sqrt(side).sum() for side in counts)) / max(int(clicks.nnz), 1)
    return float(matrix.data.sum(dtype=np.float64)), users, items, noise


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")

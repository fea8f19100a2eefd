"""Kernel of VBPR: updates of users, items and biases, one pair after the other.

Every number has its own step size, by Adagrad (Duchi, Hazan & Singer 2011): rate / sqrt(sum of squared gradients).
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.kernels.compilation import Floats, inlined, sequential


@inlined
def _move(values: Floats, moments: Floats, gradient: Floats, rate: np.float32) -> None:
    """One step of Adagrad against the gradient, in place."""
    for a in range(len(values)):
        moments[a] += gradient[a] * gradient[a]
        values[a] -= rate * gradient[a] / np.sqrt(moments[a])


@sequential
def steps(
    pairs: npt.NDArray[np.int32],
    seen: Floats,
    appeal: Floats,
    users: Floats,
    items: Floats,
    bias: Floats,
    of_users: Floats,
    of_items: Floats,
    of_bias: Floats,
    rate: np.float32,
    reg: np.float32,
    learn_items: bool,
    pushes: Floats,
) -> float:
    """Train on the pairs, one after the other.

    Parameters
    ----------
    pairs : npt.NDArray[np.int32]
        (n, 3) user, item with interaction, item without.
    seen : Floats
        (n, v) E (f_i - f_j) of each pair.
    appeal : Floats
        (n,) β'·(f_i - f_j) of each pair.
    users : Floats
        (users, k + v) parameters of the users; changed in place.
    items : Floats
        (items, k) parameters of the items; changed in place with ``learn_items``.
    bias : Floats
        (items, 1) biases of the items; changed in place with ``learn_items``.
    of_users : Floats
        (users, k + v) sums of squared gradients of ``users``; changed in place.
    of_items : Floats
        (items, k) sums of squared gradients of ``items``.
    of_bias : Floats
        (items, 1) sums of squared gradients of ``bias``.
    rate : np.float32
        Learning rate.
    reg : np.float32
        Strength of the regularisation.
    learn_items : bool
        Whether items and biases change.
    pushes : Floats
        (n,) filled with σ(x_uj - x_ui), the gradient of each pair.

    Returns
    -------
    float
        The sum of -ln σ(x_ui - x_uj), before each step.
    """
    k = items.shape[1]
    slope_user = np.empty(users.shape[1], np.float32)
    slope_item = np.empty(k, np.float32)
    slope_bias = np.empty(1, np.float32)
    total = 0.0
    for n in range(len(pairs)):
        u, i, j = pairs[n, 0], pairs[n, 1], pairs[n, 2]
        user, liked, other, looks = users[u], items[i], items[j], seen[n]
        x = bias[i, 0] - bias[j, 0] + appeal[n]
        for a in range(k):
            x += user[a] * (liked[a] - other[a])
        for a in range(len(looks)):
            x += user[k + a] * looks[a]
        total += np.log1p(np.exp(-x)) if x > -30 else -x
        push = np.float32(1 / (1 + np.exp(x)))
        pushes[n] = push
        for a in range(k):
            slope_user[a] = reg * user[a] - push * (liked[a] - other[a])
        for a in range(len(looks)):
            slope_user[k + a] = reg * user[k + a] - push * looks[a]
        if learn_items:
            for a in range(k):
                slope_item[a] = reg * liked[a] - push * user[a]
            _move(liked, of_items[i], slope_item, rate)
            for a in range(k):
                slope_item[a] = reg * other[a] + push * user[a]
            _move(other, of_items[j], slope_item, rate)
            slope_bias[0] = reg * bias[i, 0] - push
            _move(bias[i], of_bias[i], slope_bias, rate)
            slope_bias[0] = reg * bias[j, 0] + push
            _move(bias[j], of_bias[j], slope_bias, rate)
        _move(user, of_users[u], slope_user, rate)
    return total

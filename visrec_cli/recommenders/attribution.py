"""Contribution of each history item to a recommendation's score.

For item-to-item models this is exact: the term of the sum that belongs to item j. A vector of factors is not a sum over
the history, so it is first approximated by one:

    a = argmin |factors(u) - sum_j a_j · factors(j)|² + reg · |a|²     contribution(j → i) = a_j · factors(j)·factors(i)

For ALS this is the decomposition of Hu, Koren & Volinsky 2008, section 5, and for a mean of vectors the mean itself.
"""

import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.model import Model, Users
from visrec_cli.tables.vectors import Matrix

_REG = 1e-2  # relative to the mean squared length of the history's factors


def history_contributions(model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
    """Compute the part of each score that comes from each item of a user's history.

    Parameters
    ----------
    model : Model
        The model.
    users : Users
        Users of the model, or folded in.
    row : int
        Row of the user in ``users``.
    items : npt.NDArray[np.int64]
        (m,) column numbers of the scored items.

    Returns
    -------
    Matrix
        (history, m) float32; 0 where an item contributes nothing.
    """
    history = users.history[row]
    own_items, weights = history.indices, history.data
    contributions = np.zeros((len(own_items), len(items)), np.float32)
    if model.items.neighbours is not None:
        links = model.items.neighbours[own_items][:, items].toarray()
        contributions += weights[:, None] * links
    if users.factors is not None and model.items.factors is not None and len(own_items):
        own = model.items.factors[own_items] * (weights != 0)[:, None]  # items that were not liked contribute nothing
        share = _as_sum(own, users.factors[row])
        contributions += (share[:, None] * own) @ model.items.factors[items].T
    if users.neighbours is not None:  # similar users who liked both items
        similar = users.neighbours[row]
        others = model.users.history[similar.indices]
        contributions += (others[:, own_items].T @ others[:, items].multiply(similar.data[:, None]).tocsr()).toarray()
    return contributions.astype(np.float32)


def _as_sum(own: Matrix, user: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n,) the coefficients a of the module's formula, from ``own``, (n, f), and ``user``, (f,)."""
    gram = own.astype(np.float64) @ own.T
    scale = np.trace(gram) / len(own)
    if scale == 0:
        return np.zeros(len(own), np.float32)
    gram[np.diag_indices_from(gram)] += _REG * scale
    return np.linalg.solve(gram, own @ user.astype(np.float64)).astype(np.float32)

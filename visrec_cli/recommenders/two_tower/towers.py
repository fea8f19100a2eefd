"""Networks and losses of the two-tower model, in torch. Import it inside functions."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

if TYPE_CHECKING:
    from torch import Tensor

Weights = dict[str, Any]


def _tensor(array: Any, kind: type, like: "Tensor") -> "Tensor":
    import torch

    return torch.from_numpy(np.asarray(array).astype(kind)).to(like.device)


def user_vectors(weights: Weights, vectors: "Tensor", history: sp.csr_matrix, ids: "Tensor") -> "Tensor":
    """Compute the vectors of users: their id plus the mean of the history's item vectors, by weight.

    Parameters
    ----------
    weights : Weights
        Parameters of the network by name.
    vectors : "Tensor"
        (items, d) vectors of the items.
    history : sp.csr_matrix
        (users, items) csr of weights.
    ids : "Tensor"
        (users, d) vectors of the ids.

    Returns
    -------
    Tensor
        (users, d).
    """
    from torch.nn.functional import embedding_bag

    sums = embedding_bag(
        _tensor(history.indices, np.int64, vectors),
        vectors,
        _tensor(history.indptr[:-1], np.int64, vectors),
        mode="sum",
        per_sample_weights=_tensor(history.data, np.float32, vectors),
    )
    total = _tensor(np.maximum(np.asarray(history.sum(axis=1)).ravel(), 1e-9), np.float32, vectors)
    return ids + (sums / total[:, None]) @ weights["history"]


def loss_of(
    kind: str,
    users: "Tensor",
    vectors: "Tensor",
    bias: "Tensor",
    targets: sp.csr_matrix,
    share: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> "Tensor":
    """Compute the mean loss of a batch over its targets; the formulas are in ``TwoTower``.

    Parameters
    ----------
    kind : str
        "softmax", "in-batch", "bpr" or "bce".
    users : "Tensor"
        (b, d) vectors of the users, divided by the temperature.
    vectors : "Tensor"
        (items, d) vectors of the items.
    bias : "Tensor"
        (items,) biases of the items.
    targets : sp.csr_matrix
        (b, items) csr of the interactions to predict.
    share : npt.NDArray[np.float64]
        (items,) share of the clicks on each item.
    rng : np.random.Generator
        Source of randomness, for bpr and bce.

    Returns
    -------
    Tensor
        The mean loss, a scalar.
    """
    from torch.nn.functional import log_softmax, softplus

    rows = np.repeat(np.arange(targets.shape[0]), np.diff(targets.indptr))
    row, column = _tensor(rows, np.int64, users), _tensor(targets.indices, np.int64, users)
    if kind in ("softmax", "in-batch"):
        pool = np.flatnonzero(share > 0) if kind == "softmax" else np.unique(targets.indices)
        place = _tensor(np.searchsorted(pool, targets.indices), np.int64, users)
        candidates = _tensor(pool, np.int64, users)
        scores = users @ vectors[candidates].T + bias[candidates]
        if kind == "in-batch":
            scores = scores - _tensor(np.log(share[pool]), np.float32, users)
        return -log_softmax(scores, dim=1)[row, place].mean()
    pool = np.flatnonzero(share > 0)
    other = _tensor(pool[rng.integers(0, len(pool), len(rows))], np.int64, users)
    liked, drawn = ((users[row] * vectors[which]).sum(dim=1) + bias[which] for which in (column, other))
    if kind == "bpr":
        return softplus(drawn - liked).mean()
    return (softplus(-liked) + softplus(drawn)).mean()

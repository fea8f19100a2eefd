"""EASE: an item-item linear model, solved in closed form."""

from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.recommenders.base import Recommender, Setting, TrainingCallback
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Items, Model, users_of
from visrec_cli.recommenders.neighbours.base import share_of_clicks, strongest, weighted
from visrec_cli.runtime.device import cuda_device
from visrec_cli.tables.vectors import Matrix

LARGEST = 30_000  # items: a matrix of 3.6 GB; at the peak, three of them are in memory
_ROWS = 512
_GPU_WORTH = 8_000
"""Items (about ten seconds on two cores) above which a GPU is worth starting."""


class Ease(Recommender):
    """Predicts every item from all others.

        score(u, i) = popularity · clicks(i) / max clicks + sum over j in history(u) of w(u, j) · B(j, i)
        B = argmin |X - X B|² + |Λ^½ B|²  with diag(B) = 0:   P = (XᵀX + Λ)^-1,  B(j, i) = -P(j, i) / P(i, i)
        Λ = reg + dropout / (1 - dropout) · diag(XᵀX)

    X holds the weighted clicks (see ``neighbours.base.weighted``). dropout has the effect of hiding that share of the
    clicks in training, and keeps popular items from explaining everything. The ``keep`` largest entries of each row of
    B are kept. Computed in float32; memory is 12 · items² bytes, and time grows with items³ (minutes at 20,000).

    References
    ----------
    Steck 2019, eq. 8; dropout: Steck 2020, eq. 9.
    """

    name = "ease"
    summary = "the strongest on up to about 10,000 items with many clicks each; closed form, one main setting"
    uses_device: ClassVar[bool] = True
    settings: ClassVar[dict[str, Setting]] = {
        "reg": Setting(30.0, "strength of the ridge; more if there are few clicks", 1, 1000, log=True, least=1e-6),
        "dropout": Setting(0.0, "expected share of the clicks that is hidden in training", 0, 0.8, least=0),
        "user_damping": Setting(
            0.5, "1: active users count no more than others; 0: every click counts equally", 0, 1.5, least=0
        ),
        "popularity": Setting(
            0.01, "weight of popularity, which decides if the history does not", 1e-5, 0.1, log=True, least=0
        ),
        "keep": Setting(500, "largest links kept of each item", least=1),
    }

    def fit(self, log: Log, content: Content | None = None, callback: TrainingCallback | None = None) -> Model:
        """Solve for B.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None, default=None
            Ignored.
        callback : TrainingCallback | None, default=None
            Ignored.

        Returns
        -------
        Model
            The trained model.

        Raises
        ------
        InputError
            If there are too many items, or the matrix has no inverse.
        """
        touched = np.flatnonzero(log.touched)
        if len(touched) > LARGEST:
            raise InputError(
                f"ease needs a matrix of items × items in memory, and {len(touched):,} items are too many",
                fix="use item-knn or graph-filter, or leave out rare items with a larger --k-core",
            )
        clicks = weighted(log.matrix, "plain", damping=self.set["user_damping"]).astype(np.float32)[:, touched]
        links = self._links(clicks).tocoo()
        size = len(log.items)
        parts = (links.data, (touched[links.row], touched[links.col]))
        whole = sp.csr_matrix(parts, shape=(size, size), dtype=np.float32)
        whole.sort_indices()
        items = Items(log.items, log.touched, bias=share_of_clicks(log, self.set["popularity"]), neighbours=whole)
        return Model(self.name, self.set, users_of(log), items)

    def _links(self, clicks: sp.csr_matrix) -> sp.csr_matrix:
        """B from the clicks, (users, items), with the largest entries of each row."""
        gram = (clicks.T @ clicks).toarray()  # float32, as the clicks
        own = gram.diagonal()
        hidden = min(self.set["dropout"], 0.99)
        gram[np.diag_indices_from(gram)] += self.set["reg"] + hidden / (1 - hidden) * own
        inverse = _inverse(gram, self.device)
        scale = -inverse.diagonal().copy()
        blocks = []
        for start in range(0, len(inverse), _ROWS):
            block = inverse[start : start + _ROWS] / scale
            block[np.arange(len(block)), np.arange(start, start + len(block))] = 0
            blocks.append(strongest(sp.csr_matrix(block), self.set["keep"]))
        return sp.csr_matrix(sp.vstack(blocks, format="csr")) if blocks else sp.csr_matrix((0, 0), dtype=np.float32)


def _inverse(gram: Matrix, device: str) -> Matrix:
    """Inverse of a symmetric positive definite matrix, which is overwritten on a CPU."""
    gpu = cuda_device(device, len(gram) >= _GPU_WORTH)
    if gpu is not None:
        import torch

        factor = torch.linalg.cholesky(torch.from_numpy(gram).to(gpu))
        return np.asarray(torch.cholesky_inverse(factor).cpu().numpy())
    from scipy.linalg.lapack import spotrf, spotri

    factor, trouble = spotrf(gram.T, lower=True, overwrite_a=True)  # .T: the order that LAPACK takes without a copy
    if trouble == 0:
        factor, trouble = spotri(factor, lower=True, overwrite_c=True)
    if trouble:
        raise InputError("ease: the matrix of common clicks has no inverse", fix="use a larger --set reg")
    for i in range(len(factor)):  # LAPACK fills the lower half only
        factor[i, i + 1 :] = factor[i + 1 :, i]
    return np.asarray(factor)

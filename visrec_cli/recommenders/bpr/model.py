"""Bayesian personalised ranking: matrix factorisation that ranks clicked items before others."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.base import Arrays, Iterative, Setting
from visrec_cli.recommenders.bpr.gpu import BprOnGpu
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.kernels.blocks import deal
from visrec_cli.recommenders.kernels.sparse_rows import Rows
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.runtime.device import cuda_device

_LEARNED = ("users", "items", "bias")
_FOLD_EPOCHS = 30
_GPU_WORTH = 1e10
"""Clicks · embedding_size · epochs (about ten seconds on two cores) above which a GPU is worth starting."""


class Bpr(Iterative):
    """Factors x of users, y and bias b of items such that clicked items i come before others j.

        L = - sum over (u, i, j) of log σ(s(u, i) - s(u, j))  +  reg/2 · (|x(u)|² + |y(i)|² + |y(j)|² + b(i)² + b(j)²)
        s(u, i) = x(u)·y(i) + b(i)

    One j is drawn for each click in each epoch, uniformly among items that somebody, but not u, clicked. Clicks count
    equally, whatever their weight. Step sizes are those of Adagrad. A GPU is used if there are many clicks, and trains
    in batches of up to 65,536 pairs.

    References
    ----------
    Rendle, Freudenthaler, Gantner & Schmidt-Thieme 2009, section 4.
    """

    name = "bpr"
    summary = "matrix factorisation trained to rank pairs of items; als is usually better"
    uses_device = True
    settings = {  # noqa: RUF012
        "embedding_size": Setting(64, "numbers per user and item", 16, 256, log=True, least=1),
        "epochs": Setting(80, "passes over the clicks", least=1),
        "learning_rate": Setting(0.1, "step size of Adagrad", 0.01, 0.3, log=True, least=1e-6),
        "reg": Setting(0.03, "strength of the regularisation", 1e-4, 0.1, log=True, least=0),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Draw small random factors for users and items with clicks, zeros for all others."""
        self._log, self._clicks = log, Rows.of(log.matrix)
        self._rows = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr))
        self._members = np.flatnonzero(log.touched)
        rng, width = np.random.default_rng(self.seed), self.set["embedding_size"]
        scale = np.float32(0.1 / np.sqrt(width))
        self._state: Arrays = {}
        for name, active in (("users", self._clicks.active), ("items", log.touched)):
            factors = rng.standard_normal((len(active), width), np.float32) * scale
            self._state[name] = factors * active[:, None]
        self._state["bias"] = np.zeros(len(log.items), np.float32)
        for name in _LEARNED:  # of Adagrad: sums of squared gradients
            self._state[f"sums:{name}"] = np.zeros(len(self._state[name]), np.float32)
        gpu = cuda_device(self.device, log.matrix.nnz * width * self.set["epochs"] >= _GPU_WORTH)
        self._gpu = None if gpu is None else BprOnGpu(log, self._state, self.set, gpu)

    def epoch(self, number: int) -> float:
        """Train on one pair for each click. Returns the mean of -log σ, before each step."""
        rng, clicks = np.random.default_rng([self.seed, number]), self._clicks
        if self._gpu is not None:
            return self._gpu.epoch(int(rng.integers(2**63)))
        from visrec_cli.recommenders.bpr.kernel import learn

        n, m = self._log.matrix.shape
        blocks = deal(self._rows, clicks.columns.astype(np.int64), n, self._members, m, rng)
        seeds = rng.integers(1, 2**63, len(blocks.starts) - 1, np.uint64)
        users, items, bias = (self._state[name] for name in _LEARNED)
        of_users, of_items, of_bias = (self._state[f"sums:{name}"] for name in _LEARNED)
        sums = (of_users, of_items, of_bias)
        rate, reg = np.float32(self.set["learning_rate"]), np.float32(self.set["reg"])
        losses, pairs = learn(
            *blocks, self._rows, clicks.columns, clicks.indptr, seeds, users, items, bias, sums, rate, reg
        )
        return float(losses.sum() / max(pairs.sum(), 1))

    def model(self) -> Model:
        """Users and items with their factors, items with their bias; items without clicks are not known."""
        state = self.state()
        users, items, bias = (state[name].copy() for name in _LEARNED)
        return Model(
            self.name,
            self.set,
            users_of(self._log, factors=users),
            Items(self._log.items, self._log.touched, items, bias),
            (("behaviour", self.set["embedding_size"]),),
        )

    def state(self) -> Arrays:
        """Factors, biases, and the sums of Adagrad."""
        return self._state if self._gpu is None else self._gpu.state()

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state."""
        self._state = {name: np.array(array, np.float32) for name, array in state.items()}
        if self._gpu is not None:
            self._gpu.restore(state)

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The same steps for each user alone, with the items fixed; other users have no influence."""
        from visrec_cli.recommenders.bpr.kernel import fold

        size, settings = len(model.items.ids), model.settings
        items = np.zeros((size, settings["embedding_size"]), np.float32)
        bias, clicks = np.zeros(size, np.float32), Rows.of(history)
        if model.items.factors is not None and model.items.bias is not None:
            items, bias = np.ascontiguousarray(model.items.factors), np.ascontiguousarray(model.items.bias)
        users = np.zeros((len(ids), items.shape[1]), np.float32)
        sums = (np.zeros(len(ids), np.float32), bias[:0], bias[:0])
        rate, reg = np.float32(settings["learning_rate"]), np.float32(settings["reg"])
        members = np.flatnonzero(model.items.known)
        if len(members):
            given = (clicks.tasks, clicks.columns, clicks.indptr, members)
            fold(*given, items, bias, _FOLD_EPOCHS, rate, reg, users, sums)
        return Users(tuple(ids), history, times, users)

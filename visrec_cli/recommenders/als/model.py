"""Matrix factorisation for implicit feedback by alternating least squares."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visrec_cli.recommenders.als.defaults import regularisation_of, unobserved_weight_of
from visrec_cli.recommenders.als.solver import Halves, OnGpu, OnProcessor
from visrec_cli.recommenders.base import AUTO, Arrays, Iterative, Setting
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.kernels.sparse_rows import Rows
from visrec_cli.recommenders.model import Items, Model, Users, Vector, users_of
from visrec_cli.runtime.device import cuda_device
from visrec_cli.runtime.threads import one_thread_a_product
from visrec_cli.tables.vectors import Matrix

_GPU_WORTH = 4e9
"""Clicks · embedding_size · epochs (about ten seconds on two cores) above which a GPU is worth starting."""


class Als(Iterative):
    """Factors x of users and y of items whose products approximate 1 for clicked pairs and 0 for all others.

        L = sum over clicks of w(u, i) · (1 - x(u)·y(i))²  +  α₀ · sum over all (u, i) of (x(u)·y(i))²
            + sum over u of λ(u) |x(u)|²  +  sum over i of λ(i) |y(i)|²
        λ(u) = reg · (W(u) + α₀ · items)^ν,   λ(i) = reg · (W(i) + α₀ · users)^ν,   W = sum of the row's weights

    By default α₀ and reg follow the log, with U users, I items and the weight W of all clicks:

        α₀  = 4 · W / (U · I)
        reg = min(0.8 · z^1.5, 0.9) / (1 + α₀ · U · I / W)      z = mean over clicks of 1/√clicks(u) + 1/√clicks(i)

    so that all pairs without a click weigh four times as much as all clicks, and only what stands out from chance is
    learned (see als.defaults, for other ν too). Where the paper counts clicks, weights are summed here. A GPU is used
    if there are enough clicks to make up for its start.

    References
    ----------
    Rendle, Krichene, Zhang & Koren 2021, "Revisiting the performance of iALS on item recommendation benchmarks", eqs.
    1-3 and 8, after Hu, Koren & Volinsky 2008.
    """

    name = "als"
    summary = "matrix factorisation of clicks: strong, fast and scalable; the first to try when there are only clicks"
    uses_device = True
    settings = {  # noqa: RUF012
        "embedding_size": Setting(64, "numbers per user and item", 16, 256, log=True, least=1),
        "epochs": Setting(15, "rounds of users, then items", least=1),
        "reg": Setting(AUTO, "strength of the regularisation", 0.3, 3.0, log=True, least=0, kind=float),
        "unobserved_weight": Setting(
            AUTO, "weight α₀ of pairs without a click; a click weighs 1", 0.1, 10.0, log=True, least=0, kind=float
        ),
        "nu": Setting(
            1.0,
            "how the regularisation grows with the number of clicks: 0: not at all, 1: in proportion",
            least=0,
            needs=("reg",),
        ),
        "init_scale": Setting(0.1, "initial length of the vectors", least=1e-6),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Draw random factors for users and items with clicks, zeros for all others."""
        self._log, self.set = log, self.resolved(self.given, log)
        sides = [Rows.of(log.matrix), Rows.of(log.matrix.T.tocsr())]
        rng = np.random.default_rng(self.seed)
        size = (self.set["embedding_size"],)
        scale = np.float32(self.set["init_scale"] / np.sqrt(self.set["embedding_size"]))
        active = [side.active for side in sides]
        factors = [rng.standard_normal(who.shape + size, np.float32) * scale * who[:, None] for who in active]
        self._regs = [
            _regularisation(self.set, side, int(others.sum())) for side, others in zip(sides, active[::-1], strict=True)
        ]
        parts = sides, self._regs, self.set["unobserved_weight"], factors
        gpu = cuda_device(self.device, log.matrix.nnz * size[0] * self.set["epochs"] >= _GPU_WORTH)
        self._halves: Halves = OnProcessor(*parts) if gpu is None else OnGpu(*parts, gpu)

    def epoch(self, number: int) -> float:
        """Solve for all users, then for all items. Returns L after that, per unit of weight."""
        self._halves.step(0)
        loss = self._halves.step(1)
        users = self._halves.factors[0]
        loss += float(np.sum(self._regs[0] * np.einsum("ij,ij->i", users, users), dtype=np.float64))
        return loss / max(float(self._log.matrix.data.sum(dtype=np.float64)), 1e-12)

    def model(self) -> Model:
        """Users and items with their factors; items without clicks are not known."""
        users, items = (factors.copy() for factors in self._halves.factors)
        return Model(
            self.name,
            self.set,
            users_of(self._log, factors=users),
            Items(self._log.items, self._log.touched, items),
            (("behaviour", self.set["embedding_size"]),),
        )

    @classmethod
    def resolved(
        cls, settings: Mapping[str, Any], log: Log, times: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """See Recommender; the formulas are in als.defaults."""
        whole, times = super().resolved(settings, log, times), times or {}
        if whole["unobserved_weight"] == AUTO:
            whole["unobserved_weight"] = unobserved_weight_of(log.matrix, times.get("unobserved_weight", 1.0))
        if whole["reg"] == AUTO:
            given = whole["unobserved_weight"], whole["nu"]
            whole["reg"] = regularisation_of(log.matrix, *given, times.get("reg", 1.0))
        return whole

    def state(self) -> Arrays:
        """The factors of both sides."""
        return dict(zip(("users", "items"), self._halves.factors, strict=True))

    def restore(self, state: Arrays) -> None:
        """Continue from saved factors."""
        self._halves.factors = [np.array(state[name], np.float32) for name in ("users", "items")]

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The exact minimum of L for each user, with the items fixed."""
        from visrec_cli.recommenders.als.kernel import solve

        side, items = Rows.of(history), _factors(model)
        factors = np.zeros((len(ids), items.shape[1]), np.float32)
        base, regs = _base(model), _regularisation(model.settings, side, int(model.items.known.sum()))
        solve(*side, np.ones_like(side.weights), items, base, regs, factors)
        return Users(tuple(ids), history, times, factors)

    @classmethod
    def history_contributions(cls, model: Model, users: Users, row: int, items: npt.NDArray[np.int64]) -> Matrix:
        """Split the score at the exact minimum for this user into its terms, one for each item of the history.

            contribution(j → i) = w(u, j) · y(j)ᵀ (α₀ YᵀY + sum over k of w(u, k) y(k) y(k)ᵀ + λ(u) I)⁻¹ y(i)

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
            (history, m) float32.

        References
        ----------
        Hu, Koren & Volinsky 2008, section 5.
        """
        history, factors = users.history[row], _factors(model)
        own, weights = factors[history.indices].astype(np.float64), history.data[:, None].astype(np.float64)
        reg = _regularisation(model.settings, Rows.of(history), int(model.items.known.sum()))
        with one_thread_a_product():
            matrix = _base(model) + own.T @ (weights * own)
            matrix[np.diag_indices_from(matrix)] += reg
            contributions: Matrix = (weights * own @ np.linalg.solve(matrix, factors[items].T)).astype(np.float32)
        return contributions


def _regularisation(settings: dict[str, Any], side: Rows, others: int) -> Vector:
    """(rows,) λ of the formula; others: number of rows of the other side."""
    size = side.sums() + np.float32(settings["unobserved_weight"] * others)
    return np.float32(settings["reg"]) * size ** np.float32(settings["nu"])


def _factors(model: Model) -> Matrix:
    nothing = np.zeros((len(model.items.ids), model.settings["embedding_size"]), np.float32)
    return nothing if model.items.factors is None else model.items.factors


def _base(model: Model) -> Matrix:
    """α₀ YᵀY: the part of the system that all items contribute, clicked or not."""
    with one_thread_a_product():
        gram = model.items.gram
    if gram is None:
        return np.zeros((model.settings["embedding_size"],) * 2, np.float32)
    return np.float32(model.settings["unobserved_weight"]) * gram

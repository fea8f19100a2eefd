"""VBPR: visual Bayesian personalised ranking, with interactions and content learned together."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.recommenders.base import Arrays, Iterative, Setting
from visrec_cli.recommenders.content_projection import Projection, required
from visrec_cli.recommenders.data import Content, Log, Times
from visrec_cli.recommenders.model import Items, Model, Users, users_of
from visrec_cli.recommenders.model_requirements import factors_of, require_parts, state_of
from visrec_cli.recommenders.pairwise import draw_pairs
from visrec_cli.recommenders.vbpr.gpu import VbprOnGpu
from visrec_cli.recommenders.vbpr.parameters import VbprParameters, visual_terms
from visrec_cli.runtime.device import cuda_device
from visrec_cli.tables.documents import Origin

_FOLD_IN_EPOCHS = 30
_GPU_WORTH = 1e10
"""Interactions · numbers per user and item · epochs (about ten seconds on a core) above which a GPU is worth it."""


class Vbpr(Iterative):
    """Visual Bayesian personalised ranking, with a visual space for each modality.

        x_ui = b_i + β'·f_i + γ_u·γ_i + sum over the parts p of θ_up·(E_p f_ip)

    trained by gradient steps on -ln σ(x_ui - x_uj) + reg/2 |parameters|², where u has an interaction with i and none
    with j. f_i are the principal components of the item's vector, zeros where it has none. The item's terms do not
    depend on the user: with [γ_i | E_1 f_i1 | E_2 f_i2 …] as factors and b_i + β'·f_i as bias they add nothing to the
    cost of scoring. An item without interactions has γ_i = 0 and b_i = 0, is never drawn as j, and is scored by its
    content alone.

    Steps are those of Adagrad; E and β' are updated once for every 256 pairs. A GPU is used if there are many
    interactions, and trains in batches of up to 65,536 pairs.

    References
    ----------
    He & McAuley 2016, eqs. 3, 4 and 6.
    """

    name: ClassVar[str] = "vbpr"
    summary: ClassVar[str] = "ranks by pairs of clicked and unclicked items, with pictures and texts; scores new items"
    needs_content: ClassVar[bool] = True
    uses_content: ClassVar[bool] = True
    uses_device: ClassVar[bool] = True
    settings: ClassVar[dict[str, Setting]] = {
        "embedding_size": Setting(64, "numbers per user and item for behaviour (γ)", 16, 128, log=True, least=1),
        "visual_size": Setting(32, "numbers per user and item for each modality (θ)", 8, 64, log=True, least=1),
        "components": Setting(64, "principal components kept of each modality", 16, 256, log=True, least=1),
        "epochs": Setting(50, "passes over the interactions", least=1),
        "learning_rate": Setting(0.05, "step size of Adagrad", 0.005, 0.3, log=True, least=1e-6),
        "reg": Setting(0.02, "regularisation of users' and items' numbers", 1e-4, 0.3, log=True, least=0),
        "reg_visual": Setting(0.001, "regularisation of E and β'", 1e-6, 0.1, log=True, least=0),
    }

    def start(self, log: Log, content: Content | None) -> None:
        """Project the vectors, and draw small random parameters."""
        content = required(content, self.name)
        self._log = log
        self._projection = Projection.fit(content, self.set["components"])
        self._features = self._projection.apply(content)
        k, f = self.set["embedding_size"], self._features.shape[1]
        width = k + len(self._projection.names) * self.set["visual_size"]
        rng = np.random.default_rng(self.seed)
        self._learned = VbprParameters(
            {
                "users": 0.1 * rng.standard_normal((len(log.users), width), np.float32),
                "items": 0.1 * rng.standard_normal((len(log.items), k), np.float32) * log.touched[:, None],
                "bias": np.zeros((len(log.items), 1), np.float32),
                "embedding": 0.1 * rng.standard_normal((f, self.set["visual_size"]), np.float32),
                "taste": np.zeros((f, 1), np.float32),
            }
        )
        self._gpu: VbprOnGpu | None = None
        gpu = cuda_device(self.device, log.matrix.nnz * (width + k) * self.set["epochs"] >= _GPU_WORTH)
        if gpu is not None:
            self._gpu = VbprOnGpu(log, self.state(), self.set, gpu, self._features, self._projection.widths)

    def epoch(self, number: int) -> float:
        """Train on one pair for each interaction. Returns the mean of -ln σ."""
        rng = np.random.default_rng([self.seed, number])
        if self._gpu is not None:
            return self._gpu.epoch(int(rng.integers(2**63)))
        pairs = draw_pairs(self._log.matrix, np.flatnonzero(self._log.touched), rng)
        return self._learned.walk(pairs, self._features, self._projection.widths, self.set)

    def model(self) -> Model:
        """Users, and items with all of their terms in their factors and bias."""
        learned, names = self.state(), self._projection.names
        visual, appeal = visual_terms(self._features, self._projection.widths, learned)
        items = Items(
            self._log.items,
            np.ones(len(visual), bool),
            np.hstack([learned["items"], visual]),
            learned["bias"][:, 0] + appeal,
        )
        parts = [("behaviour", self.set["embedding_size"]), *((name, self.set["visual_size"]) for name in names)]
        state = {**self._projection.state(), "embedding": learned["embedding"].copy(), "taste": learned["taste"].copy()}
        users = users_of(self._log, factors=learned["users"].copy())
        return Model(self.name, self.set, users, items, tuple(parts), state=state)

    def state(self) -> Arrays:
        """The parameters, and the sums of their squared gradients."""
        if self._gpu is not None:
            return self._gpu.state()
        return {**self._learned.values, **{f"moments:{n}": array for n, array in self._learned.moments.items()}}

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state."""
        for name, values in self._learned.values.items():
            values[...] = state[name]
            self._learned.moments[name][...] = state[f"moments:{name}"]
        if self._gpu is not None:
            self._gpu.restore(state)

    @classmethod
    def require(cls, model: Model, origin: Origin) -> None:
        """See Recommender."""
        super().require(model, origin)
        factors_of(model, origin)
        if model.items.bias is None:
            raise origin.wrong("the items", "they have no bias, which vbpr needs")
        if len(model.parts) < 2:
            raise origin.wrong("parts", "there are none for pictures and texts")
        widths = Projection.require(model, origin, len(model.parts) - 1)
        embedding = state_of(model, origin, "embedding", (sum(widths), None))
        state_of(model, origin, "taste", (sum(widths), 1))
        require_parts(model, origin, (model.parts[0][1], *(embedding.shape[1] for _ in widths)))

    @classmethod
    def fold_in(cls, model: Model, ids: Sequence[str], history: sp.csr_matrix, times: Times | None = None) -> Users:
        """The same steps for the new users alone; the items stay fixed."""
        liked = history.copy()
        liked.eliminate_zeros()
        assert model.items.factors is not None
        assert model.items.bias is not None
        users = np.zeros((len(ids), model.items.factors.shape[1]), np.float32)
        parameters = VbprParameters(
            {"users": users, "items": model.items.factors, "bias": np.ascontiguousarray(model.items.bias[:, None])}
        )
        for number in range(_FOLD_IN_EPOCHS):
            pairs = draw_pairs(liked, np.arange(liked.shape[1]), np.random.default_rng(number))
            nothing = np.zeros((len(pairs), 0), np.float32), np.zeros(len(pairs), np.float32)
            parameters.step(pairs, *nothing, model.settings, users_only=True)
        return Users(tuple(ids), history, times, users)

    @classmethod
    def new_items(cls, model: Model, ids: Sequence[str], content: Content) -> Items:
        """Items by their vectors alone."""
        projection = Projection.of(model.state, tuple(name for name, _ in model.parts[1:]))
        visual, appeal = visual_terms(projection.apply(content), projection.widths, model.state)
        behaviour = np.zeros((len(ids), model.parts[0][1]), np.float32)
        return Items(tuple(ids), np.ones(len(ids), bool), np.hstack([behaviour, visual]), appeal)

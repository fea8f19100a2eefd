"""Two-tower model trained with differential privacy for each user."""

import secrets
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import UsageError, missing_extra
from visrec_cli.recommenders.base import Setting
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model, Users
from visrec_cli.recommenders.two_tower.model import TwoTower
from visrec_cli.tables.vectors import Mask, Rows

if TYPE_CHECKING:
    from torch import Tensor

_LEARNED = ("items", "bias", "looks", "appeal", "history")
_CELLS = 2**26  # numbers of gradients of users at once: 256 MiB


@dataclass(frozen=True)
class Privacy:
    """epsilon, delta: whatever somebody sees of the model is at most e^epsilon times as likely with a user's whole
    history as without it, but for a chance of delta. delta None: a tenth of one divided by the number of users.

    Source: Dwork & Roth 2014, definition 2.4.
    """

    epsilon: float
    delta: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < np.inf:
            raise UsageError(f"epsilon={self.epsilon:g} is not a positive number", fix="--private epsilon=4")
        if self.delta is not None and not 0 < self.delta < 1:
            raise UsageError(f"delta={self.delta:g} is not a small chance", fix="--private epsilon=4,delta=1e-5")

    def delta_of(self, users: int) -> float:
        """The delta for so many users."""
        return 0.1 / max(users, 1) if self.delta is None else self.delta


class _Catalogue(Log):
    """A log whose items are the catalogue's, all of them: which of them somebody touched is not to be told."""

    @property
    def touched(self) -> Mask:
        """(items,) True."""
        return np.ones(len(self.items), bool)


class PrivateTwoTower(TwoTower):
    """The two towers without ids of users and without users: the model holds items and the network alone.

    In each step a user takes part with the chance batch_size / users. The gradient of each is cut to the length
    ``clip``, and noise is added to their sum: Abadi et al. 2016, algorithm 1, as Opacus does it (Yousefpour et al.
    2021), which also says how much noise so many steps need for (epsilon, delta). Chance comes from the system, not
    from the seed, since who knows the noise can take it away.
    """

    settings: ClassVar[dict[str, Setting]] = {
        **{name: knob for name, knob in TwoTower.settings.items() if name not in ("loss", "user_ids")},
        "clip": Setting(0.3, "length to which the gradient of a user is cut", 0.05, 3.0, log=True, least=0),
    }

    def __init__(self, *, privacy: Privacy, **more: Any) -> None:
        """Raises UnavailableError where Opacus is not installed."""
        super().__init__(**more)
        self.set |= {"loss": "softmax", "user_ids": False}  # what the towers ask for
        self.privacy = privacy
        try:
            import opacus  # noqa: F401
        except ModuleNotFoundError as error:
            raise missing_extra("opacus", "private") from error

    def start(self, log: Log, content: Content | None) -> None:
        """The towers over the whole catalogue, and the noise that so many steps need."""
        super().start(_Catalogue(log.users, log.items, log.matrix), content)
        import torch
        from opacus.accountants.utils import get_noise_multiplier
        from opacus.optimizers import DPOptimizer

        n = len(log.users)
        self._rate = min(1.0, self.set["batch_size"] / n)
        self._delta, self._steps = self.privacy.delta_of(n), int(np.ceil(1 / self._rate))
        try:
            with warnings.catch_warnings(category=UserWarning, action="ignore"):  # the strictest could do with less
                self._noise: float = get_noise_multiplier(
                    target_epsilon=self.privacy.epsilon,
                    target_delta=self._delta,
                    sample_rate=self._rate,
                    steps=self.set["epochs"] * self._steps,
                )
        except ValueError as error:
            raise UsageError(
                f"no noise is enough for epsilon={self.privacy.epsilon:g} in so many steps",
                fix="a larger epsilon, or fewer --set epochs",
            ) from error
        self._chance = np.random.default_rng(secrets.randbits(128))
        self._noisy = DPOptimizer(
            torch.optim.SGD([self._learned[name] for name in _LEARNED], lr=0.0),  # Adam takes the step
            noise_multiplier=self._noise,
            max_grad_norm=self.set["clip"],
            expected_batch_size=self._rate * n,
            generator=torch.Generator(self._device).manual_seed(secrets.randbits(63)),
        )

    def epoch(self, number: int) -> float:
        """As many steps as show each user once on average. Returns the mean loss per user."""
        total, n = 0.0, 0
        for _ in range(self._steps):
            batch = np.flatnonzero(self._chance.random(len(self._log.users)) < self._rate)
            total, n = total + self._private_step(batch), n + len(batch)
        return total / max(n, 1)

    def _private_step(self, batch: Rows) -> float:
        """One step for a few users. Returns the sum of their losses."""
        from torch.func import grad_and_value, vmap

        kept = self._tensor((self._chance.random(len(self._log.items)) >= self.set["hidden_ids"]).astype(np.float32))
        each = vmap(grad_and_value(self._loss), in_dims=(None, 0, 0, None))
        size = max(1, _CELLS // (len(self._log.items) * self.set["embedding_size"]))
        lots = np.array_split(batch, max(1, -(-len(batch) // size)))
        parameters = {name: self._learned[name] for name in _LEARNED}
        total = 0.0
        for lot in lots:
            targets = self._log.matrix[lot].toarray()
            shown = targets * (self._chance.random(targets.shape) >= self.set["hidden_history"])
            if len(lot):
                slopes, losses = each(parameters, self._tensor(shown), self._tensor(targets), kept)
                total += float(losses.detach().sum())
            for name, parameter in parameters.items():
                parameter.grad_sample = slopes[name].detach() if len(lot) else parameter.detach()[None][:0]
            self._noisy.signal_skip_step(do_skip=lot is not lots[-1])
            self._noisy.pre_step()
            if lot is lots[-1]:
                self._adam.step()
            self._noisy.zero_grad()
        return total

    def _loss(self, learned: "dict[str, Tensor]", shown: "Tensor", targets: "Tensor", kept: "Tensor") -> "Tensor":
        """-ln softmax of what one user touched, the mean over it. shown, targets: (items,) weights."""
        vectors = kept[:, None] * learned["items"] + self._features @ learned["looks"]
        bias = kept * learned["bias"] + self._features @ learned["appeal"]
        user = (shown @ vectors / shown.sum().clamp(min=1e-9)) @ learned["history"]
        logs = (vectors @ user / self.set["temperature"] + bias).log_softmax(dim=0)
        touched = (targets > 0).float()
        return -(touched * logs).sum() / touched.sum().clamp(min=1)

    def model(self) -> Model:
        """The towers without the users: those are in nobody's hands but yours."""
        whole = super().model()
        assert whole.items.factors is not None
        nobody = Users((), sp.csr_matrix((0, len(whole.items.ids)), dtype=np.float32), None, whole.items.factors[:0])
        promise = {"epsilon": self.privacy.epsilon, "delta": self._delta, "unit": "user", "noise": self._noise}
        return replace(whole, users=nobody).with_facts(privacy=promise)

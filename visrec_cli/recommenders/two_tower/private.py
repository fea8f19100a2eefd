"""Two-tower model trained with differential privacy for each user."""

import secrets
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import UsageError, missing_extra
from visrec_cli.options.privacy import Privacy
from visrec_cli.recommenders.base import Setting
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.model import Model, Users
from visrec_cli.recommenders.two_tower.model import TwoTower
from visrec_cli.tables.vectors import Mask, Rows

if TYPE_CHECKING:
    from torch import Tensor

_LEARNED = ("items", "bias", "looks", "appeal", "history")
_CELLS = 2**26  # numbers of per-user gradients at a time: 256 MiB
_SETTINGS: dict[str, Setting] = {
    **{name: knob for name, knob in TwoTower.settings.items() if name not in ("loss", "user_ids")},
    "clip": Setting(0.3, "length to which the gradient of a user is cut", 0.05, 3.0, log=True, least=0),
}


class _Catalogue(Log):
    """A log in which all items count as touched: which of them have interactions must not be revealed."""

    @property
    def touched(self) -> Mask:
        """(items,) True."""
        return np.ones(len(self.items), bool)


class PrivateTwoTower(TwoTower):
    """The two towers without ids of users: the model holds items and the network alone, and no users.

    In each step a user takes part with probability batch_size / users. Each user's gradient is cut to the length
    ``clip``, and noise is added to the sum, as in Opacus, which also computes the noise that so many steps need for
    (epsilon, delta). Randomness comes from the operating system and not from the seed, because whoever knows the noise
    can remove it.

    Parameters
    ----------
    privacy : Privacy
        The guarantee.
    **more : Any
        As in ``Recommender``.

    Attributes
    ----------
    settings : ClassVar[dict[str, Setting]], default=_SETTINGS
        Settings by name.

    Raises
    ------
    UnavailableError
        If Opacus is not installed.

    References
    ----------
    Abadi et al. 2016, algorithm 1; Opacus: Yousefpour et al. 2021.
    """

    settings: ClassVar[dict[str, Setting]] = _SETTINGS

    def __init__(self, *, privacy: Privacy, **more: Any) -> None:
        super().__init__(**more)
        self.set |= {"loss": "softmax", "user_ids": False}  # settings that TwoTower reads
        self.privacy = privacy
        try:
            import opacus  # noqa: F401
        except ModuleNotFoundError as error:
            raise missing_extra("opacus", "private") from error

    def start(self, log: Log, content: Content | None) -> None:
        """Initialise the towers over the whole catalogue, and compute the noise that so many steps need.

        Parameters
        ----------
        log : Log
            The interactions to train on.
        content : Content | None
            Vectors of the items, in the order of ``log.items``; None if there are none.

        Raises
        ------
        UsageError
            If no amount of noise is enough.
        """
        super().start(_Catalogue(log.users, log.items, log.matrix), content)
        import torch
        from opacus.accountants.utils import get_noise_multiplier
        from opacus.optimizers import DPOptimizer

        n = len(log.users)
        self._rate = min(1.0, self.set["batch_size"] / n)
        self._delta, self._steps = self.privacy.delta_of(n), int(np.ceil(1 / self._rate))
        try:
            with warnings.catch_warnings(category=UserWarning, action="ignore"):  # that the bound is not tight
                self._noise: float = get_noise_multiplier(
                    target_epsilon=self.privacy.epsilon,
                    target_delta=self._delta,
                    sample_rate=self._rate,
                    steps=self.set["epochs"] * self._steps,
                )
        except ValueError as error:
            raise UsageError(
                f"no amount of noise reaches epsilon={self.privacy.epsilon:g} in so many steps",
                fix="use a larger epsilon, or fewer --set epochs",
            ) from error
        self._chance = np.random.default_rng(secrets.randbits(128))
        self._noisy = DPOptimizer(
            torch.optim.SGD([self._learned[name] for name in _LEARNED], lr=0.0),  # the step itself is Adam's
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
        groups = np.array_split(batch, max(1, -(-len(batch) // size)))
        parameters = {name: self._learned[name] for name in _LEARNED}
        total = 0.0
        for group in groups:
            targets = self._log.matrix[group].toarray()
            shown = targets * (self._chance.random(targets.shape) >= self.set["hidden_history"])
            if len(group):
                slopes, losses = each(parameters, self._tensor(shown), self._tensor(targets), kept)
                total += float(losses.detach().sum())
            for name, parameter in parameters.items():
                parameter.grad_sample = slopes[name].detach() if len(group) else parameter.detach()[None][:0]
            self._noisy.signal_skip_step(do_skip=group is not groups[-1])
            self._noisy.pre_step()
            if group is groups[-1]:
                self._adam.step()
            self._noisy.zero_grad()
        return total

    def _loss(self, learned: "dict[str, Tensor]", shown: "Tensor", targets: "Tensor", kept: "Tensor") -> "Tensor":
        """Mean of -ln softmax over the items of one user. shown, targets: (items,) weights."""
        vectors = kept[:, None] * learned["items"] + self._features @ learned["looks"]
        bias = kept * learned["bias"] + self._features @ learned["appeal"]
        user = (shown @ vectors / shown.sum().clamp(min=1e-9)) @ learned["history"]
        logs = (vectors @ user / self.set["temperature"] + bias).log_softmax(dim=0)
        touched = (targets > 0).float()
        return -(touched * logs).sum() / touched.sum().clamp(min=1)

    def model(self) -> Model:
        """The towers without users, and the guarantee as metadata."""
        whole = super().model()
        assert whole.items.factors is not None
        no_users = Users((), sp.csr_matrix((0, len(whole.items.ids)), dtype=np.float32), None, whole.items.factors[:0])
        guarantee = {"epsilon": self.privacy.epsilon, "delta": self._delta, "unit": "user", "noise": self._noise}
        return replace(whole, users=no_users).with_facts(privacy=guarantee)

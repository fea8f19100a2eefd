"""VBPR on a GPU: the step for a batch of pairs, in torch. Import it inside functions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from visrec_cli.recommenders.base import Arrays
from visrec_cli.recommenders.data import Log
from visrec_cli.recommenders.pairwise_gpu import PairsOnGpu
from visrec_cli.tables.vectors import Matrix

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class VbprOnGpu(PairsOnGpu):
    """The steps of ``kernel.steps``. A batch takes the place of the block that shares one step of E and β'.

    Parameters
    ----------
    log : Log
        The interactions to train on.
    arrays : Arrays
        Initial parameters, and moments of the optimiser, by name.
    settings : dict[str, Any]
        Settings of the recommender.
    device : "torch.device"
        Device of torch.
    features : Matrix
        (items, sum of widths) projected vectors of the items.
    widths : Sequence[int]
        Width of each projected part.
    """

    def __init__(
        self,
        log: Log,
        arrays: Arrays,
        settings: dict[str, Any],
        device: "torch.device",
        features: Matrix,
        widths: Sequence[int],
    ) -> None:
        super().__init__(log, arrays, settings, device)
        self._features, self._widths = self._there(features), list(widths)

    def step(self, users: "Tensor", positives: "Tensor", negatives: "Tensor") -> "Tensor":
        """See PairsOnGpu."""
        import torch
        from torch.nn.functional import softplus

        values, reg = self.values, self._settings["reg"]
        user, y, z = values["users"][users], values["items"][positives], values["items"][negatives]
        k, difference = y.shape[1], self._features[positives] - self._features[negatives]
        parts = zip(difference.split(self._widths, 1), values["embedding"].split(self._widths), strict=True)
        seen = torch.hstack([inputs @ embedding for inputs, embedding in parts])
        x = (user[:, :k] * (y - z)).sum(dim=1) + (user[:, k:] * seen).sum(dim=1)
        x = x + (values["bias"][positives] - values["bias"][negatives] + difference @ values["taste"])[:, 0]
        push = torch.sigmoid(-x)[:, None]
        items, pushed, pulled = torch.cat([positives, negatives]), push * user[:, :k], push * difference
        thetas = user[:, k:].chunk(len(self._widths), 1)
        sides = zip(pulled.split(self._widths, 1), thetas, strict=True)
        pulls = {"embedding": torch.vstack([inputs.T @ theta for inputs, theta in sides])}
        pulls["taste"] = pulled.sum(dim=0)[:, None]
        self._move("users", users, reg * user - push * torch.hstack([y - z, seen]))
        self._move("items", items, reg * torch.cat([y, z]) - torch.cat([pushed, -pushed]))
        self._move("bias", items, reg * values["bias"][items] - torch.cat([push, -push]))
        for name, pull in pulls.items():
            slope = self._settings["reg_visual"] * len(users) * values[name] - pull
            self._settle(name, slice(None), slope, slope**2)
        return softplus(-x)

    def _move(self, name: str, rows: "Tensor", slopes: "Tensor") -> None:
        import torch

        distinct, sums = self.sums(rows, torch.cat([slopes, slopes**2], dim=1))
        self._settle(name, distinct, *sums.chunk(2, 1))

    def _settle(self, name: str, rows: "Tensor | slice", slopes: "Tensor", squares: "Tensor") -> None:
        moments = self.values[f"moments:{name}"]
        moments[rows] += squares
        self.values[name][rows] -= self._settings["learning_rate"] * slopes / moments[rows].sqrt()

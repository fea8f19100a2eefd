"""BPR on a GPU: the step for a batch of pairs, in torch. Import it inside functions."""

from typing import TYPE_CHECKING

from visrec_cli.recommenders.pairwise_gpu import PairsOnGpu

if TYPE_CHECKING:
    from torch import Tensor


class BprOnGpu(PairsOnGpu):
    """The steps of ``kernel._pull``. All pairs of a batch add to a vector's sum of squares before it takes its step."""

    def step(self, users: "Tensor", positives: "Tensor", negatives: "Tensor") -> "Tensor":
        """See PairsOnGpu."""
        import torch
        from torch.nn.functional import softplus

        x, bias, reg = self.values["users"][users], self.values["bias"], self._settings["reg"]
        y, z = self.values["items"][positives], self.values["items"][negatives]
        difference = (x * (y - z)).sum(dim=1) + bias[positives] - bias[negatives]
        pull = torch.sigmoid(-difference)[:, None]
        items = torch.cat([positives, negatives])
        self._climb("users", users, pull * (y - z) - reg * x)
        self._climb("items", items, torch.cat([pull * x - reg * y, -pull * x - reg * z]))
        self._climb("bias", items, torch.cat([pull, -pull]) - reg * bias[items, None])
        return softplus(-difference)

    def _climb(self, name: str, rows: "Tensor", slopes: "Tensor") -> None:
        import torch

        squares = (slopes**2).mean(dim=1, keepdim=True)
        distinct, sums = self.sums(rows, torch.cat([slopes, squares], dim=1))
        values, moments = self.values[name], self.values[f"sums:{name}"]
        moments[distinct] += sums[:, -1]
        pace = self._settings["learning_rate"] / torch.sqrt(moments[distinct] + 1e-8)
        values[distinct] += (pace[:, None] * sums[:, :-1]).view(-1, *values.shape[1:])

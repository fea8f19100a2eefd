"""Operations of sequence models in training, in torch. Import it inside functions."""

from typing import TYPE_CHECKING

import numpy as np

from visrec_cli.tables.vectors import Rows

if TYPE_CHECKING:
    from torch import Tensor, device


class Dropout:
    """Leaves out a ``share`` of the numbers, always the same ones for the same ``seed``; the others grow for it."""

    def __init__(self, share: float, seed: int, device: "device") -> None:
        import torch

        self.share, self._generator = share, torch.Generator(device).manual_seed(seed)

    def __call__(self, numbers: "Tensor") -> "Tensor":
        """The numbers that are left, and zeros."""
        import torch

        if not self.share:
            return numbers
        drawn = torch.rand(numbers.shape, generator=self._generator, device=numbers.device)
        return numbers * ((drawn >= self.share) / (1 - self.share))


def next_loss(
    held: "Tensor", vectors: "Tensor", following: Rows, pool: Rows, negatives: int, rng: np.random.Generator
) -> "Tensor":
    """The mean of -ln softmax of the items that followed, among all of ``pool`` or as many drawn from it.

    held: (n, d). vectors: (items, d). following: (n,) items. With ``negatives`` the drawn items stand for all others:
    their scores are raised by ln(others / drawn), which makes the sum of the softmax right on average.
    """
    import torch
    from torch.nn.functional import cross_entropy

    def place(rows: Rows) -> "Tensor":
        return torch.from_numpy(rows).to(held.device)

    if not negatives or negatives >= len(pool) - 1:
        return cross_entropy(held @ vectors[place(pool)].T, place(np.searchsorted(pool, following)))
    drawn = rng.choice(pool, negatives, replace=False)
    right = (held * vectors[place(following)]).sum(dim=1, keepdim=True)
    raised = float(np.log((len(pool) - 1) / negatives))
    others = held @ vectors[place(drawn)].T + raised
    others = others.masked_fill(place(following[:, None] == drawn), -torch.inf)
    return cross_entropy(
        torch.cat([right, others], dim=1), torch.zeros(len(following), dtype=torch.long).to(held.device)
    )

"""Operations of sequence models in training, in torch. Import it inside functions."""

from typing import TYPE_CHECKING

import numpy as np

from visrec_cli.tables.vectors import Rows

if TYPE_CHECKING:
    from torch import Tensor, device


class Dropout:
    """Sets a share of the numbers to zero, always the same ones for the same seed, and scales up the others.

    Parameters
    ----------
    share : float
        Share of the numbers, from 0 to below 1.
    seed : int
        Seed of the choice.
    device : "device"
        Device of torch.
    """

    def __init__(self, share: float, seed: int, device: "device") -> None:
        import torch

        self.share, self._generator = share, torch.Generator(device).manual_seed(seed)

    def __call__(self, numbers: "Tensor") -> "Tensor":
        """The remaining numbers, and zeros."""
        import torch

        if not self.share:
            return numbers
        sampled = torch.rand(numbers.shape, generator=self._generator, device=numbers.device)
        return numbers * ((sampled >= self.share) / (1 - self.share))


def next_loss(
    held: "Tensor", vectors: "Tensor", following: Rows, pool: Rows, negatives: int, rng: np.random.Generator
) -> "Tensor":
    """Compute the mean of -ln softmax of the items that followed, among all items or random ones.

    With ``negatives``, the sampled items stand for all others: their scores are raised by ln(others / sampled), which
    makes the sum of the softmax right on average.

    Parameters
    ----------
    held : "Tensor"
        (n, d) outputs of the network.
    vectors : "Tensor"
        (items, d) vectors of the items.
    following : Rows
        (n,) items that followed.
    pool : Rows
        Items to compare with.
    negatives : int
        Number of items sampled from ``pool``; 0 for all.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        The mean loss, a scalar.
    """
    import torch
    from torch.nn.functional import cross_entropy

    def place(rows: Rows) -> "Tensor":
        return torch.from_numpy(rows).to(held.device)

    if not negatives or negatives >= len(pool) - 1:
        return cross_entropy(held @ vectors[place(pool)].T, place(np.searchsorted(pool, following)))
    sampled = rng.choice(pool, negatives, replace=False)
    right = (held * vectors[place(following)]).sum(dim=1, keepdim=True)
    raised = float(np.log((len(pool) - 1) / negatives))
    others = held @ vectors[place(sampled)].T + raised
    others = others.masked_fill(place(following[:, None] == sampled), -torch.inf)
    return cross_entropy(
        torch.cat([right, others], dim=1), torch.zeros(len(following), dtype=torch.long).to(held.device)
    )

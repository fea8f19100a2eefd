"""Pairwise training on a GPU, in torch: batches instead of the single pairs of bpr and vbpr.

Import it inside functions.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.recommenders.base import Arrays
from visrec_cli.recommenders.data import Log

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_BATCHES = 200  # in an epoch: enough that few pairs of a batch share a user or item
_LEAST, _MOST = 64, 1 << 16  # pairs in a batch
_TRIES = 32  # attempts to find an item without interaction


class PairsOnGpu(ABC):
    """Parameters by name, and the clicks that they are learned from.

    The sums over a batch are taken in a fixed order, so that the same seed gives the same numbers on the same device.

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
    """

    def __init__(self, log: Log, arrays: Arrays, settings: dict[str, Any], device: "torch.device") -> None:
        self._device, self._settings = device, settings
        self.values = {name: self._there(array) for name, array in arrays.items()}
        rows = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr))
        self._width = len(log.items)
        self._users, self._positives = self._there(rows), self._there(log.matrix.indices.astype(np.int64))
        self._keys = self._users * self._width + self._positives  # sorted
        self._members = self._there(np.flatnonzero(log.touched))

    def epoch(self, seed: int) -> float:
        """Train on one pair for each click, in random order.

        Parameters
        ----------
        seed : int
            Seed of the order and of the drawn items.

        Returns
        -------
        float
            The mean of -log σ, before each batch.
        """
        import torch

        chance = torch.Generator(self._device)
        chance.manual_seed(seed)
        negatives, order = self._draw(chance)
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        size = min(max(len(self._keys) // _BATCHES, _LEAST), _MOST)
        for batch in order.split(size):
            total += self.step(self._users[batch], self._positives[batch], negatives[batch]).sum(dtype=torch.float64)
        return float(total) / max(len(order), 1)

    def _draw(self, chance: "torch.Generator") -> "tuple[Tensor, Tensor]":
        """An item without interaction for each click, and the clicks for which one was found, in random order."""
        import torch

        def sample(size: int) -> "Tensor":
            return self._members[torch.randint(len(self._members), (size,), generator=chance, device=self._device)]

        negatives = sample(len(self._keys)) if len(self._keys) else self._positives
        bad = torch.arange(len(self._keys), device=self._device)
        for _ in range(_TRIES):
            wanted = self._users[bad] * self._width + negatives[bad]
            places = torch.searchsorted(self._keys, wanted).clamp(max=len(self._keys) - 1)
            bad = bad[self._keys[places] == wanted]
            if not len(bad):
                break
            negatives[bad] = sample(len(bad))
        found = torch.ones(len(self._keys), dtype=torch.bool, device=self._device)
        found[bad] = False
        order = torch.randperm(len(self._keys), generator=chance, device=self._device)
        return negatives, order[found[order]]

    @abstractmethod
    def step(self, users: "Tensor", positives: "Tensor", negatives: "Tensor") -> "Tensor":
        """Update the parameters by a batch of pairs.

        Parameters
        ----------
        users : "Tensor"
            (n,) row numbers of the users.
        positives : "Tensor"
            (n,) column numbers of items with an interaction.
        negatives : "Tensor"
            (n,) column numbers of items without.

        Returns
        -------
        Tensor
            (n,) -log σ of each pair, before the step.
        """

    @staticmethod
    def sums(rows: "Tensor", values: "Tensor") -> "tuple[Tensor, Tensor]":
        """The distinct rows among ``rows`` (n,), and for each the sum of its ``values`` (n, d)."""
        import torch
        from torch.nn.functional import embedding_bag

        order = torch.argsort(rows, stable=True)
        which, counts = torch.unique_consecutive(rows[order], return_counts=True)
        return which, embedding_bag(order, values, counts.cumsum(0) - counts, mode="sum")

    def _there(self, array: Any) -> "Tensor":
        import torch

        return torch.from_numpy(np.array(array)).to(self._device)

    def state(self) -> Arrays:
        """Copies of the parameters."""
        return {name: values.cpu().numpy().copy() for name, values in self.values.items()}

    def restore(self, state: Arrays) -> None:
        """Continue from a saved state."""
        self.values = {name: self._there(state[name]) for name in self.values}

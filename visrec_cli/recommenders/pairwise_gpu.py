"""Pairwise training on a GPU, in torch: batches in place of the single pairs of bpr and vbpr.

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

_BATCHES = 200  # in an epoch: then few pairs of the same user or item share one, and do not see each other's steps
_LEAST, _MOST = 64, 1 << 16  # pairs in a batch
_TRIES = 32  # to find an item that the user did not touch


class PairsOnGpu(ABC):
    """Parameters by name, and the clicks that they are learned from. The sums over a batch are taken in one order, so
    the same seed gives the same numbers on the same device."""

    def __init__(self, log: Log, arrays: Arrays, settings: dict[str, Any], device: "torch.device") -> None:
        self._device, self._settings = device, settings
        self.values = {name: self._there(array) for name, array in arrays.items()}
        rows = np.repeat(np.arange(len(log.users)), np.diff(log.matrix.indptr))
        self._width = len(log.items)
        self._users, self._liked = self._there(rows), self._there(log.matrix.indices.astype(np.int64))
        self._keys = self._users * self._width + self._liked  # sorted
        self._members = self._there(np.flatnonzero(log.touched))

    def epoch(self, seed: int) -> float:
        """One pair for each click, in an order of chance. Returns the mean of -log σ, before each batch."""
        import torch

        chance = torch.Generator(self._device)
        chance.manual_seed(seed)
        others, order = self._draw(chance)
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        size = min(max(len(self._keys) // _BATCHES, _LEAST), _MOST)
        for batch in order.split(size):
            total += self.step(self._users[batch], self._liked[batch], others[batch]).sum(dtype=torch.float64)
        return float(total) / max(len(order), 1)

    def _draw(self, chance: "torch.Generator") -> "tuple[Tensor, Tensor]":
        """An item for each click that its user did not touch, and the clicks for which there is one, in an order."""
        import torch

        def some(size: int) -> "Tensor":
            return self._members[torch.randint(len(self._members), (size,), generator=chance, device=self._device)]

        others = some(len(self._keys)) if len(self._keys) else self._liked
        bad = torch.arange(len(self._keys), device=self._device)
        for _ in range(_TRIES):
            wanted = self._users[bad] * self._width + others[bad]
            places = torch.searchsorted(self._keys, wanted).clamp(max=len(self._keys) - 1)
            bad = bad[self._keys[places] == wanted]
            if not len(bad):
                break
            others[bad] = some(len(bad))
        good = torch.ones(len(self._keys), dtype=torch.bool, device=self._device)
        good[bad] = False
        order = torch.randperm(len(self._keys), generator=chance, device=self._device)
        return others, order[good[order]]

    @abstractmethod
    def step(self, users: "Tensor", liked: "Tensor", others: "Tensor") -> "Tensor":
        """Move the parameters by a batch of pairs, (n,) each. Returns -log σ of each before it."""

    @staticmethod
    def sums(rows: "Tensor", values: "Tensor") -> "tuple[Tensor, Tensor]":
        """Which rows (n,) there are, and for each the sum of its ``values`` (n, d)."""
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
        """Go on from these."""
        self.values = {name: self._there(state[name]) for name in self.values}

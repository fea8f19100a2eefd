"""Training objectives; each target of ``train-encoder`` is one of these."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from visrec_cli.tables.vectors import Rows

Embed = Callable[[Rows], Any]
"""Rows of the pictures → their (n, d) vectors as they are by now, a tensor without gradients."""


class Batch(NamedTuple):
    """rows: of the pictures. about: what the loss wants to know of them."""

    rows: Rows
    about: Any = None


class Objective(ABC):
    """metric: what ``score`` gives, the more the better. views: how many views of each picture a batch has.

    judges: whether there is anything to score.
    """

    metric: ClassVar[str]
    views: ClassVar[int] = 1
    judges: bool = True

    def heads(self, width: int) -> Any:
        """Layers that learn with the model and are not part of the vectors: a torch module, empty by default."""
        import torch

        return torch.nn.ModuleDict()

    @abstractmethod
    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """One epoch, in parts of about ``size`` pictures."""

    @abstractmethod
    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """Of the vectors of a batch, views one after the other: (views × n, d), with gradients."""

    @abstractmethod
    def score(self, embed: Embed, heads: Any) -> float:
        """On the pictures that are held back."""


def in_parts(rows: Rows, size: int) -> Iterator[Rows]:
    """Parts of ``size`` rows. A last part of one is left out: alone it has nothing to differ from."""
    for start in range(0, len(rows), size):
        if len(rows) - start > 1 or len(rows) == 1:
            yield rows[start : start + size]


def contrast(vectors: Any, positives: Any, temperature: float) -> Any:
    """Mean over the rows with a positive of −log of the share that its positives have among all others.

    vectors: (n, d). positives: (n, n) bool, the diagonal False. Source: Khosla et al. 2020 (SupCon, L_out); with one
    positive each it is NT-Xent of Chen et al. 2020.
    """
    import torch

    unit = torch.nn.functional.normalize(vectors.float(), dim=1)
    logits = unit @ unit.T / temperature
    logits = logits.masked_fill(torch.eye(len(unit), dtype=torch.bool, device=unit.device), -torch.inf)
    shares = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    number = positives.sum(dim=1)
    found = shares.masked_fill(~positives, 0).sum(dim=1)[number > 0] / number[number > 0]
    return -found.mean() if len(found) else vectors.sum() * 0

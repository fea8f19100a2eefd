"""Self-supervised learning: two views of a picture move closer than views of different pictures."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective, contrast, in_parts
from visrec_cli.tables.vectors import Rows

_TEMPERATURE, _PROJECTED = 0.2, 128


class SelfSupervised(Objective):
    """NT-Xent on a projection of two layers, which is thrown away. Source: Chen et al. 2020 (SimCLR).

    There is no truth to be judged by, so that every epoch is trained.
    """

    metric = "none"
    views = 2
    judges = False

    def __init__(self, train: Rows) -> None:
        self._train = train

    def heads(self, width: int) -> Any:
        """The projection."""
        import torch

        layers = (torch.nn.Linear(width, 512), torch.nn.ReLU(), torch.nn.Linear(512, _PROJECTED))
        return torch.nn.ModuleDict({"projection": torch.nn.Sequential(*layers)})

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """See Objective."""
        return (Batch(rows) for rows in in_parts(rng.permutation(self._train), size))

    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """See Objective."""
        import torch

        n = len(batch.rows)
        positives = torch.zeros(2 * n, 2 * n, dtype=torch.bool, device=vectors.device)
        places = torch.arange(n)
        positives[places, places + n] = positives[places + n, places] = True
        return contrast(heads["projection"](vectors), positives, _TEMPERATURE)

    def score(self, embed: Embed, heads: Any) -> float:
        """Nothing to judge by."""
        raise NotImplementedError

"""Self-supervised learning: two views of one picture move closer than views of different pictures."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective, contrast, in_parts
from visrec_cli.tables.vectors import Rows

_TEMPERATURE, _PROJECTED = 0.2, 128


class SelfSupervised(Objective):
    """NT-Xent on a projection of two layers, which is discarded. Without labels there is no validation.

    Parameters
    ----------
    train : Rows
        Rows to learn from.

    Attributes
    ----------
    metric : ClassVar[str], default="none"
        See ``Objective``.
    views : ClassVar[int], default=2
        See ``Objective``.
    judges : bool, default=False
        See ``Objective``.

    References
    ----------
    Chen et al. 2020 (SimCLR).
    """

    metric: ClassVar[str] = "none"
    views: ClassVar[int] = 2
    judges: bool = False

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
        """Not available."""
        raise NotImplementedError

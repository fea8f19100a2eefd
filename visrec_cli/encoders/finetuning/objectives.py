"""Training objectives; each target of ``train-encoder`` is one of these."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from visrec_cli.tables.vectors import Rows

Embed = Callable[[Rows], Any]
"""Function from rows of pictures to their current vectors, an (n, d) tensor without gradients."""


class Batch(NamedTuple):
    """A batch of pictures.

    Attributes
    ----------
    rows : Rows
        Rows of the pictures.
    about : Any, default=None
        Data about them that the loss needs.
    """

    rows: Rows
    about: Any = None


class Objective(ABC):
    """Base class of training objectives.

    Attributes
    ----------
    metric : ClassVar[str]
        Name of what ``score`` returns; more is better.
    views : ClassVar[int], default=1
        Number of views of each picture in a batch.
    judges : bool, default=True
        Whether there is anything to validate with.
    """

    metric: ClassVar[str]
    views: ClassVar[int] = 1
    judges: bool = True

    def heads(self, width: int) -> Any:
        """Make the layers that are trained with the model and are not part of the vectors.

        Parameters
        ----------
        width : int
            Number of dimensions of a vector.

        Returns
        -------
        Any
            A torch module; empty by default.
        """
        import torch

        return torch.nn.ModuleDict()

    @abstractmethod
    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """Divide one epoch into batches.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        size : int
            Approximate number of pictures per batch.

        Returns
        -------
        Iterator[Batch]
            A batch.
        """

    @abstractmethod
    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """Compute the loss of a batch.

        Parameters
        ----------
        vectors : Any
            (views × n, d) tensor with gradients, one view after the other.
        batch : Batch
            The batch.
        heads : Any
            The layers made by ``heads``.

        Returns
        -------
        Any
            The loss, a scalar.
        """

    @abstractmethod
    def score(self, embed: Embed, heads: Any) -> float:
        """Validate on the pictures that are held back.

        Parameters
        ----------
        embed : Embed
            Computes the current vectors of pictures.
        heads : Any
            The layers made by ``heads``.

        Returns
        -------
        float
            Value of the metric.
        """


def in_parts(rows: Rows, size: int) -> Iterator[Rows]:
    """Divide rows into parts. A last part of one row is left out, because it has nothing to be compared with.

    Parameters
    ----------
    rows : Rows
        The rows.
    size : int
        Number of rows per part.

    Yields
    ------
    Rows
        The rows of a part.
    """
    for start in range(0, len(rows), size):
        if len(rows) - start > 1 or len(rows) == 1:
            yield rows[start : start + size]


def contrast(vectors: Any, positives: Any, temperature: float) -> Any:
    """Compute the supervised contrastive loss.

    It is the mean, over rows with a positive, of -log of the share of the positives among all others.

    Parameters
    ----------
    vectors : Any
        (n, d) tensor.
    positives : Any
        (n, n) bool tensor, False on the diagonal.
    temperature : float
        Divisor of the cosines.

    Returns
    -------
    Any
        The loss, a scalar.

    References
    ----------
    Khosla et al. 2020 (SupCon, L_out); with one positive each it is NT-Xent of Chen et al. 2020.
    """
    import torch

    unit = torch.nn.functional.normalize(vectors.float(), dim=1)
    logits = unit @ unit.T / temperature
    logits = logits.masked_fill(torch.eye(len(unit), dtype=torch.bool, device=unit.device), -torch.inf)
    shares = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    number = positives.sum(dim=1)
    found = shares.masked_fill(~positives, 0).sum(dim=1)[number > 0] / number[number > 0]
    return -found.mean() if len(found) else vectors.sum() * 0

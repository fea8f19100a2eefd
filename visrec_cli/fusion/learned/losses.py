"""Losses of learned fusions, in torch. Import it inside functions."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_NEVER = -1e9


def within_loss(vectors: "Tensor", agree: "Tensor", temperature: float) -> "Tensor":
    """Draw items that belong together close to each other.

    The loss is -ln softmax over all others of the batch, averaged over those that belong to an item.

    Parameters
    ----------
    vectors : "Tensor"
        (b, k) rows of length 1.
    agree : "Tensor"
        (b, b) how much two items belong together.
    temperature : float
        Divisor of the cosines.

    Returns
    -------
    Tensor
        The mean loss, a scalar.

    References
    ----------
    Khosla et al. 2020, eq. 2 (supervised contrastive loss).
    """
    import torch
    from torch.nn.functional import log_softmax

    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    agree = agree.masked_fill(itself, 0)
    has_partner = agree.sum(1) > 0
    if not bool(has_partner.any()):
        return vectors.sum().detach() * 0
    log_probabilities = log_softmax((vectors @ vectors.T / temperature).masked_fill(itself, _NEVER), dim=1)
    return -((agree * log_probabilities)[has_partner].sum(1) / agree[has_partner].sum(1)).mean()


def across_loss(sides: "list[Tensor]", present: "Tensor", agree: "Tensor", temperature: float) -> "Tensor":
    """Draw a picture close to its own text, and a text to its own picture.

    The loss is -ln softmax over the other modality of the batch. If several items belong together, the vectors of all
    of them are right answers, in proportion to ``agree``.

    Parameters
    ----------
    sides : "list[Tensor]"
        (b, k) rows of length 1, of each modality.
    present : "Tensor"
        (b, modalities) 1 where an item has the modality, else 0.
    agree : "Tensor"
        (b, b) how much two items belong together; every item belongs to itself.
    temperature : float
        Divisor of the cosines.

    Returns
    -------
    Tensor
        The mean loss, a scalar.

    References
    ----------
    Radford et al. 2021, figure 3 (symmetric InfoNCE); several right answers: Yang et al. 2022 (UniCL), eq. 3.
    """
    import torch
    from torch.nn.functional import log_softmax

    own = torch.eye(len(agree), dtype=agree.dtype, device=agree.device)
    agree = torch.maximum(agree, own)
    losses = []
    for a, first in enumerate(sides):
        for b, second in enumerate(sides):
            rows, columns = present[:, a] > 0, present[:, b] > 0
            share = agree[rows][:, columns]
            has_partner = share.sum(1) > 0
            if a == b or not bool(has_partner.any()):
                continue
            log_probabilities = log_softmax(first[rows] @ second[columns].T / temperature, dim=1)
            losses.append(-((share * log_probabilities)[has_partner].sum(1) / share[has_partner].sum(1)).mean())
    return torch.stack(losses).mean() if losses else present.sum() * 0

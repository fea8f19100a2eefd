"""Losses in torch. Import it inside functions."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_NEVER = -1e9


def together(vectors: "Tensor", agree: "Tensor", temperature: float) -> "Tensor":
    """What belongs together lies together: -ln softmax over all others of the batch, meant over those that belong.

    vectors: (b, k) of length 1. agree: (b, b), weights of who belongs to whom. Source: Khosla et al. 2020, eq. 2.
    """
    import torch
    from torch.nn.functional import log_softmax

    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    agree = agree.masked_fill(itself, 0)
    some = agree.sum(1) > 0
    if not bool(some.any()):
        return vectors.sum().detach() * 0
    likely = log_softmax((vectors @ vectors.T / temperature).masked_fill(itself, _NEVER), dim=1)
    return -((agree * likely)[some].sum(1) / agree[some].sum(1)).mean()


def across(sides: "list[Tensor]", present: "Tensor", agree: "Tensor", temperature: float) -> "Tensor":
    """A picture lies at its own text, and the other way round: -ln softmax over the batch's other side.

    sides: of each modality (b, k) of length 1. present: (b, modalities). agree: (b, b), an item being at one with
    itself; where items belong together, their other sides are shared among. Source: Radford et al. 2021, figure 3
    (symmetric InfoNCE); several right answers: Yang et al. 2022 (UniCL), eq. 3.
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
            some = share.sum(1) > 0
            if a == b or not bool(some.any()):
                continue
            likely = log_softmax(first[rows] @ second[columns].T / temperature, dim=1)
            losses.append(-((share * likely)[some].sum(1) / share[some].sum(1)).mean())
    return torch.stack(losses).mean() if losses else present.sum() * 0

"""Gates: each number of the fused vector is a mixture of the modalities, weighted by gates."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from visrec_cli.fusion.learned.arithmetic import heads, softmax_over_parts
from visrec_cli.fusion.learned.optimization import drawn
from visrec_cli.fusion.learned.supervised import SupervisedFuser
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Matrix


class Gated(SupervisedFuser):
    """z = sum over the modalities m of g_m ⊙ h_m, with h_m = tanh(x_m W_m + b_m).

        g = softmax over m, number by number, of  [h_1 … h_M] G_m + c_m

    With two modalities this is the sigmoid gate of the gated multimodal unit, except that its gates read the x_m.
    Reading the h_m needs a tenth of the parameters.

    References
    ----------
    Arevalo et al. 2017 (gated multimodal unit), eq. 5.
    """

    name: ClassVar[str] = "gated"
    summary: ClassVar[str] = "a gate for every number: the item decides which modality it comes from"

    @classmethod
    def mixer(cls, rng: np.random.Generator, parts: int, dim: int, settings: Mapping[str, Any]) -> dict[str, Matrix]:
        """Draw the map of the gates and its shift."""
        del settings
        return {"gate": drawn(rng, parts * dim, parts * dim), "open": np.zeros((1, parts * dim), np.float32)}

    @classmethod
    def mixer_shapes(cls, parts: int, dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """See SupervisedFuser."""
        return {"gate": (parts * dimension, parts * dimension), "open": (1, parts * dimension)}

    @classmethod
    def mixed(cls, xp: Any, weights: Mapping[str, Any], blocks: Sequence[Any], present: Any, how: Any) -> Any:
        """See SupervisedFuser."""
        del how
        parts = xp.tanh(xp.stack(heads(xp, weights, blocks), 1)) * present[..., None]
        rows, many, width = parts.shape
        gates = (parts.reshape(rows, many * width) @ weights["gate"] + weights["open"]).reshape(rows, many, width)
        valid = present[..., None] + xp.zeros_like(gates)
        return (softmax_over_parts(xp, gates, valid) * parts).sum(1)

"""Attention over the modalities: for each item, the weight of picture and text is computed from the item itself."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from visrec_cli.fusion.learned.arithmetic import heads, mean_over_parts, softmax_over_parts, unit
from visrec_cli.fusion.learned.optimization import drawn
from visrec_cli.fusion.learned.supervised import SupervisedFuser
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Matrix


class Attention(SupervisedFuser):
    """z = sum over the modalities m of α_m h_m, with h_m the direction of x_m W_m + b_m, and q the mean of the h_m.

        α = softmax(e)    additive        e_m = v · tanh(h_m A + q B + c)
                          multiplicative  e_m = (h_m A) · (q B) / √size

    References
    ----------
    Additive: Bahdanau, Cho & Bengio 2015, appendix A.1.2; multiplicative: Luong et al. 2015, eq. 8, scaled as in
    Vaswani et al. 2017, eq. 1.
    """

    name: ClassVar[str] = "attention"
    summary: ClassVar[str] = "each item weights its own modalities, by additive or multiplicative attention"
    settings: ClassVar[dict[str, Setting]] = {
        **SupervisedFuser.settings,
        "score": Setting("additive", "how attention is computed", choices=("additive", "multiplicative")),
        "attention_size": Setting(32, "numbers with which modalities are compared", least=1),
    }

    @classmethod
    def mixer(cls, rng: np.random.Generator, parts: int, dim: int, settings: Mapping[str, Any]) -> dict[str, Matrix]:
        """Draw the two maps, and for additive attention the vector that scores."""
        size = settings["attention_size"]
        arrays = {"own": drawn(rng, dim, size), "shared": drawn(rng, dim, size)}
        if settings["score"] == "additive":
            arrays |= {"shift": np.zeros((1, size), np.float32), "score": drawn(rng, size, 1)}
        return arrays

    @classmethod
    def mixer_shapes(cls, parts: int, dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """See SupervisedFuser."""
        size = settings["attention_size"]
        shapes: dict[str, Shape] = {"own": (dimension, size), "shared": (dimension, size)}
        return {**shapes, "shift": (1, size), "score": (size, 1)} if settings["score"] == "additive" else shapes

    @classmethod
    def mixed(cls, xp: Any, weights: Mapping[str, Any], blocks: Sequence[Any], present: Any, how: Any) -> Any:
        """See SupervisedFuser."""
        parts = unit(xp, xp.stack(heads(xp, weights, blocks), 1))
        own, shared = parts @ weights["own"], (mean_over_parts(xp, parts, present) @ weights["shared"])[:, None]
        if how["score"] == "additive":
            scores = (xp.tanh(own + shared + weights["shift"]) @ weights["score"])[..., 0]
        else:
            scores = (own * shared).sum(-1) / how["attention_size"] ** 0.5
        return (softmax_over_parts(xp, scores, present)[..., None] * parts).sum(1)

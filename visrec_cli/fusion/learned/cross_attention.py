"""Cross-attention: picture and text attend to each other."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from visrec_cli.errors import UsageError
from visrec_cli.fusion.learned.arithmetic import heads, mean_over_parts, softmax_over_parts, unit
from visrec_cli.fusion.learned.base import FuserTrainingData
from visrec_cli.fusion.learned.optimization import drawn
from visrec_cli.fusion.learned.supervised import SupervisedFuser
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Matrix


class CrossAttention(SupervisedFuser):
    """Each modality's h_m = x_m W_m + b_m is split into tokens, and each token attends to the tokens of all others.

        z_m = h_m + softmax((h_m Q)(h_o K)ᵀ / √w) h_o V,   o: all tokens of the other modalities, w: numbers per token
        z   = the mean of the directions of the z_m

    A modality that is present alone is left unchanged.

    References
    ----------
    Vaswani et al. 2017, eq. 1, with one head; across modalities: Lu et al. 2019 (ViLBERT), section 3.1.
    """

    name: ClassVar[str] = "cross-attention"
    summary: ClassVar[str] = "each modality attends to the others, token by token"
    settings: ClassVar[dict[str, Setting]] = {
        **SupervisedFuser.settings,
        "tokens": Setting(4, "number of tokens that a modality's vector is split into", least=1),
    }

    @classmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """Train a fusion, if ``dim`` can be split into tokens.

        Parameters
        ----------
        examples : FuserTrainingData
            The training data.
        settings : Mapping[str, Any]
            All settings of the class.

        Returns
        -------
        Self
            The trained fusion.

        Raises
        ------
        InputError
            If there are too few items.
        UsageError
            If ``dim`` is not a multiple of ``tokens``.
        """
        if examples.dim % settings["tokens"]:
            raise UsageError(
                f"--dim {examples.dim} cannot be split into {settings['tokens']} tokens of equal size",
                fix=f"use --dim {max(examples.dim // settings['tokens'], 1) * settings['tokens']}",
            )
        return super().fit(examples, settings)

    @classmethod
    def mixer(cls, rng: np.random.Generator, parts: int, dim: int, settings: Mapping[str, Any]) -> dict[str, Matrix]:
        """Draw the maps to queries, keys and values."""
        del parts
        width = dim // settings["tokens"]
        return {name: drawn(rng, width, width) for name in ("query", "key", "value")}

    @classmethod
    def mixer_shapes(cls, parts: int, dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """See SupervisedFuser."""
        width = dimension // settings["tokens"]
        return dict.fromkeys(("query", "key", "value"), (width, width))

    @classmethod
    def mixed(cls, xp: Any, weights: Mapping[str, Any], blocks: Sequence[Any], present: Any, how: Any) -> Any:
        """See SupervisedFuser."""
        parts = unit(xp, xp.stack(heads(xp, weights, blocks), 1))
        rows, many, width = parts.shape
        tokens = parts.reshape(rows, many, how["tokens"], width // how["tokens"])
        read = []
        for m in range(many):
            others = [o for o in range(many) if o != m]
            other_tokens = xp.concatenate([tokens[:, o] for o in others], 1)
            other_present = xp.concatenate([present[:, o, None] + xp.zeros_like(tokens[:, o, :, 0]) for o in others], 1)
            keys, values = other_tokens @ weights["key"], other_tokens @ weights["value"]
            scores = (keys[:, :, None] * (tokens[:, m] @ weights["query"])[:, None]).sum(-1)  # (n, keys, queries)
            share = softmax_over_parts(
                xp, scores / (width // how["tokens"]) ** 0.5, other_present[..., None] + xp.zeros_like(scores)
            )
            seen = (share[..., None] * values[:, :, None]).sum(1)
            read.append((tokens[:, m] + seen).reshape(rows, width))
        return mean_over_parts(xp, unit(xp, xp.stack(read, 1)), present)

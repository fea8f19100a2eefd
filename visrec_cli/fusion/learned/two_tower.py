"""Two towers: a head for pictures and one for texts, trained so that each picture is nearest to its own text."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from visrec_cli.fusion.learned.arithmetic import heads, unit
from visrec_cli.fusion.learned.base import FuserTrainingData
from visrec_cli.fusion.learned.joint import Joint
from visrec_cli.fusion.learned.optimization import HEADS, SETTINGS, FitSpec, ReducedInputs, train
from visrec_cli.fusion.learned.retrieval_scores import mean_reciprocal_rank, precision
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.vectors import Mask, Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor


class TwoTowerFuser(Joint):
    """Heads over frozen encoders, trained with the loss of CLIP on the catalogue's own pairs.

        loss = mean over the pairs i of  -ln softmax_j(z_i · t_j / temperature)_i  and the same with z and t exchanged

    z, t: directions of the picture's and the text's head. With labels or clicks as the target, texts of items that
    belong together are right answers too, in proportion to their similarity. The heads are linear and act on principal
    components, so that a few hundred pairs suffice.

    References
    ----------
    Radford et al. 2021, figure 3; InfoNCE: van den Oord et al. 2018, eq. 4.
    """

    name: ClassVar[str] = "two-tower"
    summary: ClassVar[str] = "pictures and texts in one space by a contrastive loss, from pairs, labels or clicks"
    targets: ClassVar[tuple[str, ...]] = ("pairs", "label", "clicks")
    defaults: ClassVar[bool] = True
    settings: ClassVar[dict[str, Setting]] = {**SETTINGS, **HEADS}

    @classmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """See Fuser; trains on the items that have two modalities or more."""
        rows, held = examples.parts(least=2)
        reduced = ReducedInputs.of(examples, rows, settings["components"])
        blocks = reduced.apply(examples.blocks)
        validate, metric = _validation(cls, examples, reduced, rows, held, settings)

        def loss(weights: "dict[str, Tensor]", blocks: "list[Tensor]", present: "Tensor", agree: "Tensor") -> "Tensor":
            import torch

            from visrec_cli.fusion.learned.losses import across_loss

            zero = {f"bias:{m}": 0.0 for m in range(len(blocks))}
            sides = [unit(torch, side) for side in heads(torch, {**weights, **zero}, blocks)]
            return across_loss(sides, present, agree, settings["temperature"])

        start = reduced.start(examples.dim, np.random.default_rng([examples.seed, 0]))
        arrays, facts = train(FitSpec(loss, validate, metric), start, blocks, examples, rows, settings)
        return cls(reduced.whole(arrays), settings, facts)


def _validation(
    kind: type[TwoTowerFuser],
    examples: FuserTrainingData,
    reduced: ReducedInputs,
    rows: Rows,
    held: Rows,
    settings: Mapping[str, Any],
) -> tuple[Callable[[Mapping[str, Matrix]], float] | None, str]:
    """Validation on held-back items: mean reciprocal rank of pairs; precision for labels and clicks."""
    pairs = examples.target.kind == "pairs"
    if pairs:
        held = held[np.all([valid[held] for valid in examples.present], axis=0)]

    def of(selected: Rows) -> tuple[list[Matrix], list[Mask]]:
        return [block[selected] for block in examples.blocks], [valid[selected] for valid in examples.present]

    def validate(arrays: Mapping[str, Matrix]) -> float:
        fuser = kind(reduced.whole(arrays), settings, {})
        if pairs:
            return mean_reciprocal_rank(fuser.sides_of(of(held)[0]))
        return precision(fuser.apply(*of(held)), fuser.apply(*of(rows)), examples.target, held, rows)

    return validate if len(held) else None, "mrr" if pairs else "precision@10"

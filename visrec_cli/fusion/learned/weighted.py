"""Fusion with one learned weight per modality."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from visrec_cli.fusion.combiners import concat
from visrec_cli.fusion.learned.base import Fuser, FuserTrainingData
from visrec_cli.fusion.learned.optimization import SETTINGS, FitSpec, train
from visrec_cli.fusion.learned.retrieval_scores import precision
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Mask, Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor


class WeightedSoftmax(Fuser):
    """Concatenation with learned weights: the cosine of two items is the sum of α_m · cos_m.

        α = softmax(w),   block m times √α_m

    w has one number per modality, trained so that items with the same label, or with clicks of the same users, are
    close to each other (see ``losses.within_loss``). The temperature is trained too, so that the weights need not
    express certainty. So few numbers cannot overfit: training does not stop early, and held-back items only measure the
    result, which is a concatenation like any other: explained by its parts, and searched by one part where a query has
    only one.
    """

    name: ClassVar[str] = "weighted-softmax"
    summary: ClassVar[str] = "concat with one learned weight per modality: the fewest parameters"
    targets: ClassVar[tuple[str, ...]] = ("label", "clicks")
    settings: ClassVar[dict[str, Setting]] = {
        **SETTINGS,
        "epochs": Setting(30, "passes over the items", least=1),
        "learning_rate": Setting(0.05, "step size of Adam", least=1e-6),
    }

    @property
    def dimension(self) -> int:
        """Sum of the widths of the modalities."""
        return int(self.arrays["widths"].sum())

    @classmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """See Fuser; one score for each modality. The column stores a plain concatenation with these weights."""
        return {"scores": (1, len(widths)), "widths": (1, len(widths))}

    def weights(self) -> list[float]:
        """√α of each modality."""
        return [round(float(weight), 6) for weight in np.sqrt(_softmax(self.arrays["scores"][0]))]

    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """See Fuser."""
        return concat(blocks, present, self.weights())

    @classmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """See Fuser; trains on the items that the target covers."""
        rows, held = examples.parts(least=1)
        widths = np.array([[block.shape[1] for block in examples.blocks]], np.float32)

        def vectors(arrays: Mapping[str, Matrix], selected: Rows) -> Matrix:
            fuser = cls({**arrays, "widths": widths}, settings, {})
            return fuser.apply(
                [block[selected] for block in examples.blocks], [valid[selected] for valid in examples.present]
            )

        def validate(arrays: Mapping[str, Matrix]) -> float:
            return precision(vectors(arrays, held), vectors(arrays, rows), examples.target, held, rows)

        def loss(weights: "dict[str, Tensor]", blocks: "list[Tensor]", present: "Tensor", agree: "Tensor") -> "Tensor":
            import torch

            from visrec_cli.fusion.learned.arithmetic import unit
            from visrec_cli.fusion.learned.losses import within_loss

            shares = torch.softmax(weights["scores"][0], 0).sqrt()
            side_by_side = torch.cat([block * share for block, share in zip(blocks, shares, strict=True)], 1)
            return within_loss(unit(torch, side_by_side), agree, weights["temperature"].exp())

        start = {
            "scores": np.zeros((1, len(examples.blocks)), np.float32),
            "temperature": np.log(np.full((1, 1), settings["temperature"], np.float32)),
        }
        fit_spec = FitSpec(loss, None, "precision@10")
        arrays, facts = train(fit_spec, start, examples.blocks, examples, rows, settings)
        if len(held):
            facts |= {"metric": fit_spec.metric, "validation": round(validate(arrays), 4)}
        return cls({**arrays, "widths": widths}, settings, facts)


def _softmax(scores: Matrix) -> Matrix:
    exponentials = np.exp(scores - scores.max())
    return np.asarray(exponentials / exponentials.sum(), np.float32)

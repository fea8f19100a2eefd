"""Base of fusions supervised by labels or clicks."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from visrec_cli.fusion.learned.arithmetic import head_shapes, unit
from visrec_cli.fusion.learned.base import Fuser, FuserTrainingData
from visrec_cli.fusion.learned.optimization import HEADS, SETTINGS, FitSpec, ReducedInputs, train
from visrec_cli.fusion.learned.retrieval_scores import precision
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Mask, Matrix, Rows

if TYPE_CHECKING:
    from torch import Tensor


class SupervisedFuser(Fuser):
    """Every modality by a linear map into one space (``head:m``, ``bias:m``), and there one vector out of all.

    Learned so that items of one label, or touched by the same people, lie together and all others apart (see
    losses.together). A missing modality has no say: the others are mixed as if it did not exist.
    """

    targets: ClassVar[tuple[str, ...]] = ("label", "clicks")
    settings: ClassVar[dict[str, Setting]] = {**SETTINGS, **HEADS}

    @classmethod
    @abstractmethod
    def mixed(cls, xp: Any, weights: Mapping[str, Any], blocks: Sequence[Any], present: Any, how: Any) -> Any:
        """(n, k): the formula, in numpy or torch (xp). present: (n, modalities) of 0 and 1. how: the settings."""

    @classmethod
    @abstractmethod
    def mixer(cls, rng: np.random.Generator, parts: int, dim: int, settings: Mapping[str, Any]) -> dict[str, Matrix]:
        """What there is to learn besides the heads, drawn by chance."""

    @classmethod
    @abstractmethod
    def mixer_shapes(cls, parts: int, dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """The shapes of what ``mixer`` draws."""

    @classmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """The heads', and the mixer's."""
        return {**head_shapes(widths, dimension), **cls.mixer_shapes(len(widths), dimension, settings)}

    @property
    def dimension(self) -> int:
        """Numbers of the common space."""
        return int(self.arrays["head:0"].shape[1])

    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """(n, k) float32."""
        valid = np.stack(present, axis=1).astype(np.float32)
        return np.asarray(self.mixed(np, self.arrays, blocks, valid, self.settings_used), np.float32)

    @classmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """Learn from the items of which the target says anything."""
        rows, held = examples.parts(least=1)
        short = ReducedInputs.of(examples, rows, settings["components"])
        rng = np.random.default_rng([examples.seed, 0])
        start = short.start(examples.dim, rng)
        start |= {f"bias:{m}": np.zeros(examples.dim, np.float32) for m in range(len(examples.blocks))}
        start |= cls.mixer(rng, len(examples.blocks), examples.dim, settings)
        fit_spec = _course(cls, examples, short, rows, held, settings)
        arrays, facts = train(fit_spec, start, short.apply(examples.blocks), examples, rows, settings)
        return cls(short.whole(arrays), settings, facts)


def _course(
    kind: type[SupervisedFuser],
    examples: FuserTrainingData,
    short: ReducedInputs,
    rows: Rows,
    held: Rows,
    settings: Mapping[str, Any],
) -> FitSpec:
    def vectors(fuser: SupervisedFuser, some: Rows) -> Matrix:
        return fuser.apply([block[some] for block in examples.blocks], [valid[some] for valid in examples.present])

    def judge(arrays: Mapping[str, Matrix]) -> float:
        fuser = kind(short.whole(arrays), settings, {})
        return precision(vectors(fuser, held), vectors(fuser, rows), examples.target, held, rows)

    def loss(weights: "dict[str, Tensor]", blocks: "list[Tensor]", present: "Tensor", agree: "Tensor") -> "Tensor":
        import torch

        from visrec_cli.fusion.learned.losses import together

        mixed = unit(torch, kind.mixed(torch, weights, blocks, present, settings))
        return together(mixed, agree, settings["temperature"])

    return FitSpec(loss, judge if len(held) else None, "precision@10")

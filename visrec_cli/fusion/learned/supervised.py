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
    """Maps every modality linearly into one space (``head:m``, ``bias:m``), and mixes them there into one vector.

    Trained so that items with the same label, or with clicks of the same users, are close to each other (see
    ``losses.within_loss``). A missing modality has no influence: the others are mixed as if it did not exist.
    """

    targets: ClassVar[tuple[str, ...]] = ("label", "clicks")
    settings: ClassVar[dict[str, Setting]] = {**SETTINGS, **HEADS}

    @classmethod
    @abstractmethod
    def mixed(cls, xp: Any, weights: Mapping[str, Any], blocks: Sequence[Any], present: Any, how: Any) -> Any:
        """Mix the modalities.

        Parameters
        ----------
        xp : Any
            numpy or torch.
        weights : Mapping[str, Any]
            Parameters by name.
        blocks : Sequence[Any]
            (n, d) vectors of each modality.
        present : Any
            (n, modalities) 1 where a row has the modality, else 0.
        how : Any
            All settings.

        Returns
        -------
        Any
            (n, k) fused vectors.
        """

    @classmethod
    @abstractmethod
    def mixer(cls, rng: np.random.Generator, parts: int, dim: int, settings: Mapping[str, Any]) -> dict[str, Matrix]:
        """Draw the initial parameters besides those of the heads.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        parts : int
            Number of modalities.
        dim : int
            Number of dimensions of the common space.
        settings : Mapping[str, Any]
            All settings.

        Returns
        -------
        dict[str, Matrix]
            Parameters by name.
        """

    @classmethod
    @abstractmethod
    def mixer_shapes(cls, parts: int, dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """Give the shapes of the parameters that ``mixer`` draws.

        Parameters
        ----------
        parts : int
            Number of modalities.
        dimension : int
            Number of dimensions of the common space.
        settings : Mapping[str, Any]
            All settings.

        Returns
        -------
        dict[str, Shape]
            Shapes by name of parameter.
        """

    @classmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """See Fuser; the heads and the mixer."""
        return {**head_shapes(widths, dimension), **cls.mixer_shapes(len(widths), dimension, settings)}

    @property
    def dimension(self) -> int:
        """Number of dimensions of the common space."""
        return int(self.arrays["head:0"].shape[1])

    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """See Fuser."""
        valid = np.stack(present, axis=1).astype(np.float32)
        return np.asarray(self.mixed(np, self.arrays, blocks, valid, self.settings_used), np.float32)

    @classmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """See Fuser; trains on the items that the target covers."""
        rows, held = examples.parts(least=1)
        reduced = ReducedInputs.of(examples, rows, settings["components"])
        rng = np.random.default_rng([examples.seed, 0])
        start = reduced.start(examples.dim, rng)
        start |= {f"bias:{m}": np.zeros(examples.dim, np.float32) for m in range(len(examples.blocks))}
        start |= cls.mixer(rng, len(examples.blocks), examples.dim, settings)
        fit_spec = _fit_spec(cls, examples, reduced, rows, held, settings)
        arrays, facts = train(fit_spec, start, reduced.apply(examples.blocks), examples, rows, settings)
        return cls(reduced.whole(arrays), settings, facts)


def _fit_spec(
    kind: type[SupervisedFuser],
    examples: FuserTrainingData,
    reduced: ReducedInputs,
    rows: Rows,
    held: Rows,
    settings: Mapping[str, Any],
) -> FitSpec:
    def vectors(fuser: SupervisedFuser, selected: Rows) -> Matrix:
        return fuser.apply(
            [block[selected] for block in examples.blocks], [valid[selected] for valid in examples.present]
        )

    def validate(arrays: Mapping[str, Matrix]) -> float:
        fuser = kind(reduced.whole(arrays), settings, {})
        return precision(vectors(fuser, held), vectors(fuser, rows), examples.target, held, rows)

    def loss(weights: "dict[str, Tensor]", blocks: "list[Tensor]", present: "Tensor", agree: "Tensor") -> "Tensor":
        import torch

        from visrec_cli.fusion.learned.losses import within_loss

        mixed = unit(torch, kind.mixed(torch, weights, blocks, present, settings))
        return within_loss(mixed, agree, settings["temperature"])

    return FitSpec(loss, validate if len(held) else None, "precision@10")

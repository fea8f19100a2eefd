"""A recipe: how several embedding columns become one. It is fitted once, and applied to items and, later, to queries.

normalise each part → fill or skip missing parts → combine, or apply a learned fusion → reduce → length 1. The recipe is
stored in the space of the fused column, so that a new picture or sentence can be placed in it from that file alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from visrec_cli import registry
from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.learned.base import Fuser, FuserTrainingData
from visrec_cli.fusion.reductions import Pca
from visrec_cli.tables.spaces import Source, Space, pack_array
from visrec_cli.tables.vectors import Mask, Matrix, unit_rows

MISSING = ("zero", "mean", "drop", "fail")
NORMALISE = ("l2", "none")
Parts = Mapping[str, tuple[Matrix, Mask]]


@dataclass
class Recipe:
    """How to fuse columns.

    Attributes
    ----------
    method : str
        A combiner, or a fuser that learns.
    sources : tuple[Source, ...]
        The fused columns.
    weights : dict[str, float]
        Weight of each column.
    normalise : str, default="l2"
        "l2" for rows of length 1, or "none".
    missing : str, default="zero"
        What to do with items without one of the parts: "zero", "mean", "drop" or "fail".
    fills : dict[str, Matrix], default=field(default_factory=dict)
        Mean of each normalised part; set by ``fit``.
    reduction : Pca | None, default=None
        Reduction of the fused vectors; set by ``fit``.
    learned : Fuser | None, default=None
        The learned fusion; set by ``fit``.
    learned_by : dict[str, Any] | None, default=None
        The fuser that learned the weights of a combiner.
    """

    method: str
    sources: tuple[Source, ...]
    weights: dict[str, float]
    normalise: str = "l2"
    missing: str = "zero"
    fills: dict[str, Matrix] = field(default_factory=dict)
    reduction: Pca | None = None
    learned: Fuser | None = None
    learned_by: dict[str, Any] | None = None

    def fit(
        self, parts: Parts, *, reduce: str | None, dim: int | None, labels: Sequence[str | None] = (),
        examples: FuserTrainingData | None = None, settings: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Compute the means of the parts, and train the fusion and the reduction if there are any.

        Parameters
        ----------
        parts : Parts
            Vectors (n, d), and (n,) which rows have one, by column.
        reduce : str | None
            Name of the reduction; None for none.
        dim : int | None
            Number of dimensions of the reduction; None for its default.
        labels : Sequence[str | None], default=()
            (n,) label of each row, for a supervised reduction.
        examples : FuserTrainingData | None, default=None
            Training data of a learned fusion, whose blocks are filled in here; None for a combiner.
        settings : Mapping[str, Any] | None, default=None
            All settings of the fuser.

        Raises
        ------
        InputError
            If no item has a vector in one of the columns, or there is nothing to learn from.
        """
        for source in self.sources:
            vectors, valid = parts[source.column]
            if not valid.any():
                raise InputError(
                    f"no item has a vector in '{source.column}'", fix="embed it again, or leave it out with --columns"
                )
            self.fills[source.column] = self._scaled(vectors[valid]).mean(axis=0, dtype=np.float64).astype(np.float32)
        if examples is not None:
            self._learn(parts, examples, settings or {})
        if reduce is not None:
            fused, valid = self._combined(parts)
            kept = [label for label, has_vector in zip(labels, valid, strict=True) if has_vector] if labels else []
            self.reduction = registry.find("reduction", reduce).fit(fused[valid], dim, kept)

    def _learn(self, parts: Parts, examples: FuserTrainingData, settings: Mapping[str, Any]) -> None:
        blocks, present = self._blocks(parts, filled=self.missing == "mean")
        fuser = registry.find("fuser", self.method).fit(replace(examples, blocks=blocks, present=present), settings)
        fuser.facts |= registry.made_by("fuser", self.method)
        weights = fuser.weights()
        if weights is None:
            self.learned = fuser
            return
        self.learned_by = {"name": fuser.name, "settings": fuser.settings_used, "facts": fuser.facts}
        self.method = "concat"
        self.weights = dict(zip((source.column for source in self.sources), weights, strict=True))

    def apply(self, parts: Parts, *, query: bool = False) -> tuple[Matrix, Mask]:
        """Fuse vectors.

        Parameters
        ----------
        parts : Parts
            Vectors (n, d), and (n,) which rows have one, by column.
        query : bool, default=False
            Whether the rows are queries, which are never dropped for missing parts.

        Returns
        -------
        tuple[Matrix, Mask]
            (n, d) float32 fused vectors, of length 1 with ``normalise`` "l2", and (n,) which rows have one.
        """
        fused, valid = self._combined(parts, query=query)
        if self.reduction is not None:
            fused = self.reduction.apply(fused)
        fused = unit_rows(fused) if self.normalise == "l2" else fused
        fused[~valid] = 0
        return fused, valid

    def _combined(self, parts: Parts, *, query: bool = False) -> tuple[Matrix, Mask]:
        rows = len(next(iter(parts.values()))[0])
        has_vector = [parts[s.column][1] if s.column in parts else np.zeros(rows, bool) for s in self.sources]
        blocks, present = self._blocks(parts, filled=self._filled())
        if self.learned is not None:
            fused = self.learned.apply(blocks, present)
        else:
            weights = [self.weights[source.column] for source in self.sources]
            fused = registry.find("combiner", self.method)(blocks, present, weights)
        some, every = np.logical_or.reduce(has_vector), np.logical_and.reduce(has_vector)
        return fused, some if query or self.missing in ("zero", "mean") else every

    def _blocks(self, parts: Parts, *, filled: bool) -> tuple[list[Matrix], list[Mask]]:
        """Each scaled part, zeros or (``filled``) the mean where it is missing, and which rows count as having it."""
        rows = len(next(iter(parts.values()))[0])
        blocks, present = [], []
        for source in self.sources:
            vectors, has_vector = parts.get(source.column) or (
                np.zeros((rows, source.dimension), np.float32),
                np.zeros(rows, bool),
            )
            if vectors.shape[1] != source.dimension:
                raise InputError(
                    f"'{source.column}' has {vectors.shape[1]} numbers per vector, expected {source.dimension}"
                )
            block = self._scaled(vectors)
            if filled:
                block, has_vector = np.where(has_vector[:, None], block, self.fills[source.column]), np.ones(rows, bool)
            blocks.append(block)
            present.append(has_vector)
        return blocks, present

    def _filled(self) -> bool:
        # A reduction subtracts the mean: there, a neutral block is the mean, since zeros would become -mean.
        return bool(self.fills) and (self.missing == "mean" or self.reduction is not None)

    def _scaled(self, vectors: Matrix) -> Matrix:
        return unit_rows(vectors) if self.normalise == "l2" else vectors

    def space(self) -> Space:
        """The space of the fused column, including the recipe."""
        width = self.sources[0].dimension if self.method == "mean" else sum(s.dimension for s in self.sources)
        width = self.learned.dimension if self.learned else width
        keep_fills = self.missing == "mean" or self.reduction is not None
        transform: dict[str, Any] = {
            "method": self.method,
            "weights": self.weights,
            "normalise": self.normalise,
            "missing": self.missing,
            "fills": {name: pack_array(fill) for name, fill in self.fills.items()} if keep_fills else {},
            "reduction": self.reduction.pack() if self.reduction else None,
        }
        if self.learned:
            transform["learned"] = self.learned.pack()
        elif self.learned_by:
            transform["learned_by"] = self.learned_by
        method = self.learned_by["name"] if self.learned_by else self.method
        name = f"{method}+{self.reduction.name}" if self.reduction else method
        return Space(
            encoder=name,
            dimension=len(self.reduction.components) if self.reduction else width,
            normalised=self.normalise == "l2",
            kind="fused",
            sources=self.sources,
            transform=transform,
        )

    @classmethod
    def of(cls, space: Space) -> "Recipe":
        """Read the recipe from the space of a fused column.

        Parameters
        ----------
        space : Space
            The space.

        Returns
        -------
        Recipe
            The recipe.

        Raises
        ------
        UsageError
            If the column was not fused by visrec.
        InputError
            If the recipe does not fit the vectors of the space or of its sources.
        """
        if space.kind != "fused" or space.transform is None:
            raise UsageError(f"the space [{space.describe()}] was not made by fuse")
        from visrec_cli.fusion.recipe_document import recipe_parts

        return cls(sources=space.sources, **recipe_parts(space))

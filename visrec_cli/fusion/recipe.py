"""How several embedding columns became one: fitted once, applied to items and, later, to queries.

normalise each part → fill or leave out what is missing → combine, or mix as was learned → reduce → length 1.
The recipe lives in the fused column's space, so that a new picture or sentence finds its place from that file alone.
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
    """One way to fuse. ``fills`` (means of the normalised parts), ``learned`` and ``reduction`` are there once fitted.

    method: a combiner, or a fuser that learns. learned_by: what a combiner's weights were learned by.
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
        """Learn the means of the parts, the fusion if it is one that learns, and the reduction.

        parts: column → (vectors (n, d), valid (n,)). labels: of the rows, for a supervised reduction. examples: what a
        fusion learns from; its blocks are put in here. settings: all of the fuser's.
        """
        for source in self.sources:
            vectors, valid = parts[source.column]
            if not valid.any():
                raise InputError(
                    f"no item has a vector in '{source.column}'", fix="embed again, or leave it out with --columns"
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
        """Fused vectors of length 1 and which rows have one; missing parts of a ``query`` never drop it."""
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
        """Each part scaled, zeros or (``filled``) the mean where it is missing, and which rows count as having it."""
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
        # A reduction subtracts the mean: there, "says nothing" is the mean, since a zero block would become -mean.
        return bool(self.fills) and (self.missing == "mean" or self.reduction is not None)

    def _scaled(self, vectors: Matrix) -> Matrix:
        return unit_rows(vectors) if self.normalise == "l2" else vectors

    def space(self) -> Space:
        """The fused column's space, recipe included."""
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
        """The recipe in a fused column's space. Raises UsageError when the column was not fused by visrec, InputError
        where the recipe does not make such vectors as the space has of such as its sources have.
        """
        if space.kind != "fused" or space.transform is None:
            raise UsageError(f"the space [{space.describe()}] was not made by fuse")
        from visrec_cli.fusion.recipe_document import recipe_parts

        return cls(sources=space.sources, **recipe_parts(space))

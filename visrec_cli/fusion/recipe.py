"""How several embedding columns became one: fitted once, applied to items and, later, to queries.

normalise each part → fill or leave out what is missing → combine → reduce → length 1.
The recipe lives in the fused column's space, so that a new picture or sentence finds its place from that file alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visrec_cli import catalogue
from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.fusion.reduce import Pca
from visrec_cli.tables.columns import Mask, Matrix, unit_rows
from visrec_cli.tables.spaces import Source, Space, pack_array, unpack_array

MISSING = ("zero", "mean", "drop", "fail")
NORMALISE = ("l2", "none")
Parts = Mapping[str, tuple[Matrix, Mask]]


@dataclass
class Recipe:
    """One way to fuse. ``fills`` (means of the normalised parts) and ``reduction`` are there once it is fitted."""

    method: str
    sources: tuple[Source, ...]
    weights: dict[str, float]
    normalise: str = "l2"
    missing: str = "zero"
    fills: dict[str, Matrix] = field(default_factory=dict)
    reduction: Pca | None = None

    def fit(self, parts: Parts, *, reduce: str | None, dim: int | None) -> None:
        """Learn the means of the parts and the reduction. parts: column → (vectors (n, d), valid (n,))."""
        for source in self.sources:
            vectors, valid = parts[source.column]
            if not valid.any():
                raise InputError(
                    f"no item has a vector in '{source.column}'", fix="embed again, or leave it out with --columns"
                )
            self.fills[source.column] = self._scaled(vectors[valid]).mean(axis=0, dtype=np.float64).astype(np.float32)
        if reduce is not None:
            fused, valid = self._combined(parts)
            width = fused.shape[1]
            self.reduction = catalogue.find("reduction", reduce).fit(
                fused[valid], min(128, width) if dim is None else dim
            )

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
        blocks, present = [], []
        for source in self.sources:
            vectors, there = parts.get(source.column) or (
                np.zeros((rows, source.dimension), np.float32),
                np.zeros(rows, bool),
            )
            if vectors.shape[1] != source.dimension:
                raise InputError(
                    f"'{source.column}' has {vectors.shape[1]} numbers per vector, expected {source.dimension}"
                )
            block = self._scaled(vectors)
            if self._filled():
                block = np.where(there[:, None], block, self.fills[source.column])
            blocks.append(block)
            present.append(there)
        some, every = np.logical_or.reduce(present), np.logical_and.reduce(present)
        weights = [self.weights[source.column] for source in self.sources]
        counted = [np.ones(rows, bool)] * len(present) if self._filled() else present
        fused = catalogue.find("combiner", self.method)(blocks, counted, weights)
        return fused, some if query or self.missing in ("zero", "mean") else every

    def _filled(self) -> bool:
        # A reduction subtracts the mean: there, "says nothing" is the mean, since a zero block would become -mean.
        return bool(self.fills) and (self.missing == "mean" or self.reduction is not None)

    def _scaled(self, vectors: Matrix) -> Matrix:
        return unit_rows(vectors) if self.normalise == "l2" else vectors

    def space(self) -> Space:
        """The fused column's space, recipe included."""
        width = self.sources[0].dimension if self.method == "mean" else sum(s.dimension for s in self.sources)
        keep_fills = self.missing == "mean" or self.reduction is not None
        transform: dict[str, Any] = {
            "method": self.method,
            "weights": self.weights,
            "normalise": self.normalise,
            "missing": self.missing,
            "fills": {name: pack_array(fill) for name, fill in self.fills.items()} if keep_fills else {},
            "reduction": self.reduction.pack() if self.reduction else None,
        }
        name = f"{self.method}+{self.reduction.name}" if self.reduction else self.method
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
        """The recipe in a fused column's space. Raises UsageProblem when the column was not fused by visrec."""
        if space.kind != "fused" or space.transform is None:
            raise UsageProblem(f"the space [{space.describe()}] was not made by fuse")
        raw = space.transform
        reduction = raw["reduction"]
        return cls(
            method=raw["method"],
            sources=space.sources,
            weights=raw["weights"],
            normalise=raw["normalise"],
            missing=raw["missing"],
            fills={name: unpack_array(fill) for name, fill in raw["fills"].items()},
            reduction=catalogue.find("reduction", reduction["name"]).unpack(reduction) if reduction else None,
        )

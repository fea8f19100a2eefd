"""Item vectors reduced by PCA, one PCA per modality.

A step of learning costs as much as the vector is long. Neighbouring numbers of an encoder say much the same, so a few
dozen principal components of each part keep nearly all, and kept apart they can still be told from each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from visrec_cli.errors import UsageError
from visrec_cli.recommenders.data import Content
from visrec_cli.recommenders.model import Model
from visrec_cli.recommenders.model_requirements import state_of
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.vectors import Mask, Matrix


def required(content: Content | None, name: str) -> Content:
    """The content. Raises UsageError where there is none."""
    if content is None:
        raise UsageError(f"{name} learns from vectors of the items", fix="give --items with an embedding column")
    return content


def blocks(content: Content) -> list[tuple[Matrix, Mask]]:
    """Of each part ``(vectors, present)``: (n, width) rows of length 1, zeros where the item has no such part."""
    ends = np.cumsum([width for _, width in content.parts])
    found = []
    for end, (_, width) in zip(ends, content.parts, strict=True):
        block = content.vectors[:, end - width : end]
        length = np.linalg.norm(block, axis=1)
        present = content.valid & (length > 0)
        found.append(((block / np.where(present, length, 1)[:, None] * present[:, None]).astype(np.float32), present))
    return found


@dataclass(frozen=True)
class Projection:
    """PCA of each part, fitted once and applied to later items too.

    widths: what is left of each part. means: one (width,) per part. components: one (width, kept) per part, scaled so
    that the mean squared length of a projected part is 1.
    """

    names: tuple[str, ...]
    means: tuple[npt.NDArray[np.float32], ...]
    components: tuple[Matrix, ...]

    @classmethod
    def fit(cls, content: Content, size: int) -> "Projection":
        """At most ``size`` components per part, fewer where the part is narrower."""
        pairs = [_pca(block[present], size) for block, present in blocks(content)]
        return cls(tuple(name for name, _ in content.parts), tuple(m for m, _ in pairs), tuple(c for _, c in pairs))

    @property
    def widths(self) -> tuple[int, ...]:
        """How many components each part has."""
        return tuple(matrix.shape[1] for matrix in self.components)

    def apply(self, content: Content) -> Matrix:
        """(n, sum of widths) float32, the parts side by side; zeros for a part that the item does not have.

        Raises UsageError for vectors of other parts than it was fitted on.
        """
        if tuple(width for _, width in content.parts) != tuple(len(mean) for mean in self.means):
            raise UsageError(
                f"the vectors have {len(content.parts)} parts of {[w for _, w in content.parts]} numbers, the model "
                f"learned from {[len(mean) for mean in self.means]}",
                fix="embed and fuse the items as for training",
            )
        triples = zip(blocks(content), self.means, self.components, strict=True)
        return np.hstack([((block - mean) @ axes) * present[:, None] for (block, present), mean, axes in triples])

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays for ``Model.state``."""
        means = {f"mean:{number}": mean for number, mean in enumerate(self.means)}
        return means | {f"components:{number}": axes for number, axes in enumerate(self.components)}

    @staticmethod
    def require(model: Model, origin: Origin, parts: int) -> tuple[int, ...]:
        """Raise InputError unless the model's state holds a projection of so many parts; its widths."""
        widths = []
        for number in range(parts):
            axes = state_of(model, origin, f"components:{number}", (None, None))
            state_of(model, origin, f"mean:{number}", (len(axes),))
            widths.append(axes.shape[1])
        return tuple(widths)

    @classmethod
    def of(cls, state: Mapping[str, npt.NDArray[Any]], names: tuple[str, ...]) -> "Projection":
        """Back from ``state``, the parts being ``names``."""
        means, axes = (tuple(state[f"{kind}:{n}"] for n in range(len(names))) for kind in ("mean", "components"))
        return cls(names, means, axes)


def split_parts(features: Matrix, widths: Sequence[int]) -> list[Matrix]:
    """Projected vectors (n, sum of widths), one matrix for each part."""
    return np.split(features, np.cumsum(widths)[:-1], axis=1)


def side_by_side(ids: Matrix, features: Matrix, looks: Matrix, widths: Sequence[int]) -> Matrix:
    """(items, (1 + parts) · d): an item's id, and what each part of its projected vector brings through ``looks``.

    ids: (items, d). features: (items, sum of widths), as ``Projection.apply`` gives them. looks: (sum of widths, d).
    """
    cuts = np.cumsum(widths)[:-1]
    pairs = zip(np.split(features, cuts, axis=1), np.split(looks, cuts), strict=True) if len(widths) else ()
    return np.hstack([ids, *(reduced @ look for reduced, look in pairs)])


def _pca(vectors: Matrix, size: int) -> tuple[npt.NDArray[np.float32], Matrix]:
    """The mean (width,), and the first components (width, min(size, width)); those without variance are zero."""
    width = vectors.shape[1]
    mean = vectors.mean(axis=0, dtype=np.float64) if len(vectors) else np.zeros(width)
    centred = vectors - mean
    variance, axes = np.linalg.eigh(centred.T @ centred / max(len(vectors), 1))
    variance, axes = variance[::-1][:size], axes[:, ::-1][:, :size]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # a sign is arbitrary: settle it
    axes[:, variance <= 1e-9] = 0
    total = variance[variance > 1e-9].sum()
    return mean.astype(np.float32), (axes / np.sqrt(total) if total else axes).astype(np.float32)

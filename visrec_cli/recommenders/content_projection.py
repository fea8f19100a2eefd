"""Item vectors reduced by PCA, one PCA per modality.

The time of a training step grows with the width of the vectors. The numbers of an encoder are correlated, so that a few
dozen principal components of each part keep nearly all of their variance. Parts are kept apart, so that explanations
can tell them apart.
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
    """Return the content, which must be there.

    Parameters
    ----------
    content : Content | None
        The content, if there is any.
    name : str
        Name of the recommender, for the message.

    Returns
    -------
    Content
        The content.

    Raises
    ------
    UsageError
        If it is None.
    """
    if content is None:
        raise UsageError(f"{name} needs vectors of the items", fix="give --items with an embedding column")
    return content


def blocks(content: Content) -> list[tuple[Matrix, Mask]]:
    """Vectors of each part, (n, width) rows of length 1, and (n,) whether the item has that part (zeros if not)."""
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

    Attributes
    ----------
    names : tuple[str, ...]
        Names of the parts.
    means : tuple[npt.NDArray[np.float32], ...]
        (width,) mean of each part.
    components : tuple[Matrix, ...]
        (width, kept) principal axes of each part, scaled so that the mean squared length of a projected part is 1.
    """

    names: tuple[str, ...]
    means: tuple[npt.NDArray[np.float32], ...]
    components: tuple[Matrix, ...]

    @classmethod
    def fit(cls, content: Content, size: int) -> "Projection":
        """Fit the PCA of each part.

        Parameters
        ----------
        content : Content
            Vectors of the items.
        size : int
            Largest number of components per part; narrower parts have fewer.

        Returns
        -------
        Projection
            The projection.
        """
        pairs = [_pca(block[present], size) for block, present in blocks(content)]
        return cls(tuple(name for name, _ in content.parts), tuple(m for m, _ in pairs), tuple(c for _, c in pairs))

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of components of each part."""
        return tuple(matrix.shape[1] for matrix in self.components)

    def apply(self, content: Content) -> Matrix:
        """Project vectors.

        Parameters
        ----------
        content : Content
            Vectors with the same parts as those that the PCA was fitted on.

        Returns
        -------
        Matrix
            (n, sum of widths) float32, the parts side by side; zeros for a part that the item does not have.

        Raises
        ------
        UsageError
            If the parts have other widths.
        """
        if tuple(width for _, width in content.parts) != tuple(len(mean) for mean in self.means):
            raise UsageError(
                f"the vectors have parts of the widths {[w for _, w in content.parts]}, but the model learned from "
                f"{[len(mean) for mean in self.means]}",
                fix="embed and fuse the items as for training",
            )
        triples = zip(blocks(content), self.means, self.components, strict=True)
        return np.hstack([((block - mean) @ axes) * present[:, None] for (block, present), mean, axes in triples])

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The projection as arrays for ``Model.state``."""
        means = {f"mean:{number}": mean for number, mean in enumerate(self.means)}
        return means | {f"components:{number}": axes for number, axes in enumerate(self.components)}

    @staticmethod
    def require(model: Model, origin: Origin, parts: int) -> tuple[int, ...]:
        """Check that the state of a model holds a projection.

        Parameters
        ----------
        model : Model
            The model.
        origin : Origin
            Names the file in error messages.
        parts : int
            Number of parts.

        Returns
        -------
        tuple[int, ...]
            The width of each projected part.

        Raises
        ------
        InputError
            If an array is missing or has the wrong shape.
        """
        widths = []
        for number in range(parts):
            axes = state_of(model, origin, f"components:{number}", (None, None))
            state_of(model, origin, f"mean:{number}", (len(axes),))
            widths.append(axes.shape[1])
        return tuple(widths)

    @classmethod
    def of(cls, state: Mapping[str, npt.NDArray[Any]], names: tuple[str, ...]) -> "Projection":
        """Rebuild a projection from ``state``, with these names of the parts."""
        means, axes = (tuple(state[f"{kind}:{n}"] for n in range(len(names))) for kind in ("mean", "components"))
        return cls(names, means, axes)


def split_parts(features: Matrix, widths: Sequence[int]) -> list[Matrix]:
    """Split projected vectors, (n, sum of widths), into one matrix for each part."""
    return np.split(features, np.cumsum(widths)[:-1], axis=1)


def side_by_side(ids: Matrix, features: Matrix, projection: Matrix, widths: Sequence[int]) -> Matrix:
    """Put the id of an item and the contribution of each part of its vector side by side.

    Parameters
    ----------
    ids : Matrix
        (items, d) vectors of the ids.
    features : Matrix
        (items, sum of widths), as from ``Projection.apply``.
    projection : Matrix
        (sum of widths, d) weights that map each part into the space of the ids.
    widths : Sequence[int]
        Width of each projected part.

    Returns
    -------
    Matrix
        (items, (1 + parts) · d).
    """
    cuts = np.cumsum(widths)[:-1]
    pairs = zip(np.split(features, cuts, axis=1), np.split(projection, cuts), strict=True) if len(widths) else ()
    return np.hstack([ids, *(reduced @ weights for reduced, weights in pairs)])


def _pca(vectors: Matrix, size: int) -> tuple[npt.NDArray[np.float32], Matrix]:
    """The mean (width,), and the first components (width, min(size, width)); components without variance are zero."""
    width = vectors.shape[1]
    mean = vectors.mean(axis=0, dtype=np.float64) if len(vectors) else np.zeros(width)
    centred = vectors - mean
    variance, axes = np.linalg.eigh(centred.T @ centred / max(len(vectors), 1))
    variance, axes = variance[::-1][:size], axes[:, ::-1][:, :size]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # signs are arbitrary: fix them
    axes[:, variance <= 1e-9] = 0
    total = variance[variance > 1e-9].sum()
    return mean.astype(np.float32), (axes / np.sqrt(total) if total else axes).astype(np.float32)

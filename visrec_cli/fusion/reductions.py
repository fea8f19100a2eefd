"""Fewer numbers per item: principal components, whitened or not. Fitted once, kept with the column."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import numpy as np

from visrec_cli.errors import InputError
from visrec_cli.tables.documents import Finite, Origin
from visrec_cli.tables.spaces import pack_array
from visrec_cli.tables.vectors import Matrix


class PcaDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A reduction as JSON: three packed arrays."""

    name: str
    mean: Any
    components: Any
    scale: Any
    explained: Finite


class Pca:
    """Projection on the leading principal components (Pearson 1901), fitted by scikit-learn.

    ``mean`` (d,), ``components`` (k, d) with orthonormal rows, ``scale`` (k,): ``apply`` gives (n, k) float32.
    """

    name: ClassVar[str] = "pca"
    supervised: ClassVar[bool] = False
    measure: ClassVar[str] = "of the variance"

    def __init__(self, mean: Matrix, components: Matrix, scale: Matrix, explained: float) -> None:
        self.mean, self.components, self.scale, self.explained = mean, components, scale, explained

    @classmethod
    def fit(cls, vectors: Matrix, dim: int | None, labels: Sequence[str | None] = ()) -> "Pca":
        """Fit ``dim`` components (None: 128, or as many as there are numbers) to (n, d) vectors.

        labels: of the rows, for those reductions that are supervised. Raises InputError when there are too few
        different vectors.
        """
        dim = min(128, vectors.shape[1]) if dim is None else dim
        from sklearn.decomposition import PCA

        most = min(vectors.shape[0] - 1, vectors.shape[1])
        if dim > most:
            raise InputError(
                f"{cls.name} to {dim} numbers needs more than {dim} items and {dim} numbers each; here are "
                f"{vectors.shape[0]} items of {vectors.shape[1]}",
                fix=f"--dim {most} or less" if most > 0 else "leave out --reduce",
            )
        model = PCA(n_components=dim, svd_solver="covariance_eigh").fit(vectors.astype(np.float64))
        variance = np.asarray(model.explained_variance_)
        if variance[-1] <= 1e-10 * variance[0]:
            rank = int((variance > 1e-10 * variance[0]).sum())
            raise InputError(
                f"the vectors span only {rank} dimensions, {dim} were asked for", fix=f"--dim {max(rank, 1)}"
            )
        explained = float(np.sum(model.explained_variance_ratio_))
        return cls(_f32(model.mean_), _f32(model.components_), _f32(cls._scale(variance)), explained)

    @staticmethod
    def _scale(variance: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.ones_like(variance)

    def apply(self, vectors: Matrix) -> Matrix:
        """(n, d) to (n, k)."""
        return _f32((vectors - self.mean) @ self.components.T * self.scale)

    def pack(self) -> dict[str, Any]:
        """For the column's space."""
        return {
            "name": self.name,
            "mean": pack_array(self.mean),
            "components": pack_array(self.components),
            "scale": pack_array(self.scale),
            "explained": round(self.explained, 6),
        }

    @classmethod
    def unpack(cls, packed: Any, origin: Origin, path: str, widths: tuple[int, int]) -> "Pca":
        """The inverse of pack, from vectors of so many numbers to so many. Raises InputError where it is not so."""
        document = origin.typed(packed, PcaDocument, path)
        many, kept = widths
        shapes = {"mean": (many,), "components": (kept, many), "scale": (kept,)}
        mean, components, scale = (
            origin.array(getattr(document, name), f"{path}.{name}", shape) for name, shape in shapes.items()
        )
        return cls(mean, components, scale, document.explained)


class Whiten(Pca):
    """PCA whitening: each component divided by its standard deviation, so that no direction drowns the others."""

    name: ClassVar[str] = "whiten"

    @staticmethod
    def _scale(variance: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray(1.0 / np.sqrt(variance))


def _f32(values: Any) -> Matrix:
    return np.ascontiguousarray(values, dtype=np.float32)

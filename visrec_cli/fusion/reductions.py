"""Dimension reduction by principal components, with or without whitening; fitted once, and stored with the column."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import numpy as np

from visrec_cli.errors import InputError
from visrec_cli.tables.documents import Finite, Origin
from visrec_cli.tables.spaces import pack_array
from visrec_cli.tables.vectors import Matrix


class PcaDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A reduction as JSON.

    Attributes
    ----------
    name : str
        Name of the reduction.
    mean : Any
        Packed array.
    components : Any
        Packed array.
    scale : Any
        Packed array.
    explained : Finite
        Share that the kept components explain.
    """

    name: str
    mean: Any
    components: Any
    scale: Any
    explained: Finite


class Pca:
    """Projection on the leading principal components, fitted by scikit-learn.

    Parameters
    ----------
    mean : Matrix
        (d,) mean of the vectors.
    components : Matrix
        (k, d) orthonormal rows.
    scale : Matrix
        (k,) factor of each component.
    explained : float
        Share that the components explain, from 0 to 1.

    Attributes
    ----------
    name : ClassVar[str], default="pca"
        Name in the registry.
    supervised : ClassVar[bool], default=False
        Whether ``fit`` needs labels.
    measure : ClassVar[str], default="of the variance"
        What ``explained`` is a share of, for messages.

    References
    ----------
    Pearson 1901.
    """

    name: ClassVar[str] = "pca"
    supervised: ClassVar[bool] = False
    measure: ClassVar[str] = "of the variance"

    def __init__(self, mean: Matrix, components: Matrix, scale: Matrix, explained: float) -> None:
        self.mean, self.components, self.scale, self.explained = mean, components, scale, explained

    @classmethod
    def fit(cls, vectors: Matrix, dim: int | None, labels: Sequence[str | None] = ()) -> "Pca":
        """Fit the components.

        Parameters
        ----------
        vectors : Matrix
            (n, d) float32.
        dim : int | None
            Number of components; None for 128, or d if that is less.
        labels : Sequence[str | None], default=()
            (n,) label of each row, for supervised reductions.

        Returns
        -------
        Pca
            The reduction.

        Raises
        ------
        InputError
            If there are too few different vectors.
        """
        dim = min(128, vectors.shape[1]) if dim is None else dim
        from sklearn.decomposition import PCA

        most = min(vectors.shape[0] - 1, vectors.shape[1])
        if dim > most:
            raise InputError(
                f"{cls.name} to {dim} numbers needs more than {dim} items with at least {dim} numbers each, but there "
                f"are {vectors.shape[0]} items with {vectors.shape[1]}",
                fix=f"use --dim {most} or less" if most > 0 else "leave out --reduce",
            )
        model = PCA(n_components=dim, svd_solver="covariance_eigh").fit(vectors.astype(np.float64))
        variance = np.asarray(model.explained_variance_)
        if variance[-1] <= 1e-10 * variance[0]:
            rank = int((variance > 1e-10 * variance[0]).sum())
            raise InputError(
                f"the vectors span only {rank} dimensions, but {dim} were requested", fix=f"use --dim {max(rank, 1)}"
            )
        explained = float(np.sum(model.explained_variance_ratio_))
        return cls(_f32(model.mean_), _f32(model.components_), _f32(cls._scale(variance)), explained)

    @staticmethod
    def _scale(variance: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.ones_like(variance)

    def apply(self, vectors: Matrix) -> Matrix:
        """(n, k) float32 projections of (n, d) vectors."""
        return _f32((vectors - self.mean) @ self.components.T * self.scale)

    def pack(self) -> dict[str, Any]:
        """The reduction as JSON, for the column's space."""
        return {
            "name": self.name,
            "mean": pack_array(self.mean),
            "components": pack_array(self.components),
            "scale": pack_array(self.scale),
            "explained": round(self.explained, 6),
        }

    @classmethod
    def unpack(cls, packed: Any, origin: Origin, path: str, widths: tuple[int, int]) -> "Pca":
        """Read a reduction; the inverse of ``pack``.

        Parameters
        ----------
        packed : Any
            The JSON.
        origin : Origin
            Names the file in error messages.
        path : str
            Path in the file, for messages.
        widths : tuple[int, int]
            Width of the vectors before and after the reduction.

        Returns
        -------
        Pca
            The reduction.

        Raises
        ------
        InputError
            If it is damaged, or has other widths.
        """
        document = origin.typed(packed, PcaDocument, path)
        many, kept = widths
        shapes = {"mean": (many,), "components": (kept, many), "scale": (kept,)}
        mean, components, scale = (
            origin.array(getattr(document, name), f"{path}.{name}", shape) for name, shape in shapes.items()
        )
        return cls(mean, components, scale, document.explained)


class Whiten(Pca):
    """PCA whitening: each component is divided by its standard deviation, so that no direction dominates."""

    name: ClassVar[str] = "whiten"

    @staticmethod
    def _scale(variance: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray(1.0 / np.sqrt(variance))


def _f32(values: Any) -> Matrix:
    return np.ascontiguousarray(values, dtype=np.float32)

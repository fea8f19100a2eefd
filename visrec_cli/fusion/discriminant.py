"""Supervised dimension reduction by linear discriminant analysis."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from visrec_cli.errors import InputError
from visrec_cli.fusion.reductions import Pca
from visrec_cli.tables.vectors import Matrix


class Lda(Pca):
    """Linear discriminant analysis: directions along which labels differ most, relative to the spread within labels.

        max over a of  (a · B a) / (a · S a),   B = Σ_l n_l (μ_l - μ)(μ_l - μ)ᵀ / n,   S the covariance of x - μ_l(x)

    S is common to all labels and shrunk towards equal variances (by scikit-learn), because otherwise it could not be
    inverted with fewer items than numbers. scikit-learn's own class shrinks the covariance of each label separately,
    which is meaningless for labels of one or two items. There is at most one direction less than there are labels.
    Items without a label are projected like all others.

    References
    ----------
    Fisher 1936; Rao 1948, section 9; shrinkage: Ledoit & Wolf 2004.
    """

    name: ClassVar[str] = "lda"
    supervised: ClassVar[bool] = True
    measure: ClassVar[str] = "of the differences between labels"

    @classmethod
    def fit(cls, vectors: Matrix, dim: int | None, labels: Sequence[str | None] = ()) -> "Lda":
        """Fit the directions.

        Parameters
        ----------
        vectors : Matrix
            (n, d) float32.
        dim : int | None
            Largest number of directions; None for 128, or as many as there are.
        labels : Sequence[str | None], default=()
            (n,) label of each row; None where there is none.

        Returns
        -------
        Lda
            The reduction.

        Raises
        ------
        InputError
            If there are fewer than two labels, no label has two items, or ``dim`` is too large.
        """
        known = np.array([label is not None for label in labels], bool)
        words, codes = np.unique([label for label in labels if label is not None], return_inverse=True)
        if len(words) < 2:
            raise InputError(
                f"lda needs at least two labels, but there are {len(words)}", fix="use --target ANOTHER_COLUMN"
            )
        most = min(len(words) - 1, vectors.shape[1])
        if dim is not None and dim > most:
            raise InputError(
                f"lda of {len(words)} labels has at most {most} directions, but {dim} were requested",
                fix=f"use --dim {most}",
            )
        if len(codes) == len(words):
            raise InputError("no two items share a label: nothing can be learned", fix="use --target ANOTHER_COLUMN")
        from sklearn.covariance import ledoit_wolf

        x = vectors[known].astype(np.float64)
        mean, many = x.mean(axis=0), np.bincount(codes)
        means = np.zeros((len(words), x.shape[1]))
        np.add.at(means, codes, x)
        means /= many[:, None]
        within, _ = ledoit_wolf(x - means[codes], assume_centered=True)
        variance, axes = np.linalg.eigh(within)
        root = axes / np.sqrt(np.maximum(variance, 1e-12 * max(variance[-1], 1e-12)))
        _, spread, right = np.linalg.svd(np.sqrt(many / len(x))[:, None] * (means - mean) @ root, full_matrices=False)
        kept = min(most, dim or 128)
        found = right[:kept] @ root.T
        found *= np.sign(found[np.arange(kept), np.abs(found).argmax(axis=1)])[:, None]  # signs are arbitrary: fix them
        explained = float((spread[:kept] ** 2).sum() / max((spread**2).sum(), 1e-12))
        ready = [np.ascontiguousarray(values, np.float32) for values in (mean, found, np.ones(kept))]
        return cls(ready[0], ready[1], ready[2], explained)

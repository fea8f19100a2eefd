"""Fewer numbers per item, such that items of different labels are told apart."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from visrec_cli.errors import InputError
from visrec_cli.fusion.reduce import Pca
from visrec_cli.tables.columns import Matrix


class Lda(Pca):
    """Linear discriminant analysis (Fisher 1936; Rao 1948), fitted by scikit-learn.

    Directions along which the means of the labels differ most, measured by the spread within labels. That spread is
    shrunk towards equal variances (Ledoit & Wolf 2004), without which it could not be inverted with fewer items than
    numbers. At most one number less than there are labels. Items without a label are placed like all others.
    """

    name: ClassVar[str] = "lda"
    supervised: ClassVar[bool] = True
    measure: ClassVar[str] = "of what tells the labels apart"

    @classmethod
    def fit(cls, vectors: Matrix, dim: int | None, labels: Sequence[str | None] = ()) -> "Lda":
        """Fit at most ``dim`` directions (None: 128, or as many as there are). labels: (n,) one per row.

        Raises InputError with fewer than two labels, or where no label has two items.
        """
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        known = np.array([label is not None for label in labels], bool)
        words, codes = np.unique([label for label in labels if label is not None], return_inverse=True)
        if len(words) < 2:
            raise InputError(f"lda tells labels apart, and here there are {len(words)}", fix="--target ANOTHER_COLUMN")
        most = min(len(words) - 1, vectors.shape[1])
        if dim is not None and dim > most:
            raise InputError(
                f"lda of {len(words)} labels has at most {most} directions, {dim} were asked for", fix=f"--dim {most}"
            )
        if len(codes) == len(words):
            raise InputError("no two items share a label: nothing can be learned", fix="--target ANOTHER_COLUMN")
        model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", n_components=min(most, dim or 128))
        model.fit(vectors[known].astype(np.float64), codes)
        kept = min(most, dim or 128)
        axes = model.scalings_[:, :kept].T
        axes = axes * np.sign(axes[np.arange(kept), np.abs(axes).argmax(axis=1)])[:, None]  # a sign is arbitrary
        mean = np.average(model.means_, axis=0, weights=model.priors_)
        explained = float(np.sum(model.explained_variance_ratio_[:kept]))
        ready = [np.ascontiguousarray(values, np.float32) for values in (mean, axes, np.ones(kept))]
        return cls(ready[0], ready[1], ready[2], explained)

"""Base of fusions with pictures and texts in one space: each modality has a linear map into it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visrec_cli.fusion.learned.arithmetic import head_shapes, heads, unit
from visrec_cli.fusion.learned.base import Fuser
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Mask, Matrix


class Joint(Fuser):
    """z = the mean of the directions x_m W_m + b_m over the modalities m that an item has.

    An item with a picture alone is placed by its picture, and a sentence by its text, so that they can be compared.
    Parameters: ``head:m`` (d_m, k), ``bias:m`` (k,). The biases centre each modality at zero, so that a text is not
    closer to another text than to a picture just because both are texts.
    """

    @property
    def dimension(self) -> int:
        """Number of dimensions of the common space."""
        return int(self.arrays["head:0"].shape[1])

    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """See Fuser."""
        sides = [unit(np, side) * valid[:, None] for side, valid in zip(self.sides_of(blocks), present, strict=True)]
        many = np.maximum(np.sum(present, axis=0), 1)[:, None]
        return np.asarray(sum(sides) / many, np.float32)

    @classmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """See Fuser; a head and a bias for each modality."""
        return dict(head_shapes(widths, dimension))

    def sides_of(self, blocks: Sequence[Matrix]) -> list[Matrix]:
        """Vectors of each modality in the common space, (n, k) each."""
        return heads(np, self.arrays, blocks)

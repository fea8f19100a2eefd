"""Pictures and texts in one space: each modality has a linear map of its own into it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visrec_cli.fusion.learned.arithmetic import head_shapes, heads, unit
from visrec_cli.fusion.learned.base import Fuser
from visrec_cli.tables.documents import Shape
from visrec_cli.tables.vectors import Mask, Matrix


class Joint(Fuser):
    """z = the mean of the directions x_m W_m + b_m over the modalities m that an item has.

    An item with a picture alone lies where its picture points, and so does a sentence: they can be compared. Arrays:
    ``head:m`` (d_m, k), ``bias:m`` (k,). Biases are such that each modality is spread around zero, so that no text is
    nearer to another text than to a picture because both are texts.
    """

    @property
    def dimension(self) -> int:
        """Numbers of the common space."""
        return int(self.arrays["head:0"].shape[1])

    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """(n, k) float32."""
        sides = [unit(np, side) * valid[:, None] for side, valid in zip(self.sides_of(blocks), present, strict=True)]
        many = np.maximum(np.sum(present, axis=0), 1)[:, None]
        return np.asarray(sum(sides) / many, np.float32)

    @classmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """A head and a bias for each modality."""
        return dict(head_shapes(widths, dimension))

    def sides_of(self, blocks: Sequence[Matrix]) -> list[Matrix]:
        """Each modality by itself in the common space, (n, k)."""
        return heads(np, self.arrays, blocks)

"""The visual part of a vector, which alone decides near-duplicates."""

import numpy as np

from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Mask, Matrix


def picture_numbers(space: Space | None, column: str, width: int) -> Mask:
    """(width,) bool, True for the numbers that came from a picture.

    All of them where that is unknown, none for texts: the same words do not make two items one. Where pictures and
    texts stand side by side (concat) the pictures' part; where a reduction has mingled them, all. Where labels, clicks
    or texts were learned from, none: what belongs together was put together, and is not one item for that.
    """
    if space is None or not space.sources:
        return np.full(width, space is None or space.kind == "image" or _joint_picture(space, column))
    parts = [picture_numbers(source.space, source.column, source.dimension) for source in space.sources]
    side_by_side = np.concatenate(parts)
    recipe = space.transform or {}
    if recipe.get("learned") or (recipe.get("reduction") or {}).get("name") == "lda":
        return np.zeros(width, bool)
    if recipe.get("method") == "concat" and not recipe.get("reduction") and len(side_by_side) == width:
        return side_by_side
    return np.full(width, side_by_side.any())


def looks(vectors: Matrix, numbers: Mask) -> Matrix:
    """The picture part of vectors, (n, d) to (n, p), of length 1; zeros where an item has no picture."""
    if numbers.all():
        return vectors
    part = vectors[:, numbers]
    lengths = np.linalg.norm(part, axis=1, keepdims=True)
    return np.divide(part, lengths, out=np.zeros_like(part), where=lengths > 1e-6)


def _joint_picture(space: Space, column: str) -> bool:
    """A model for pictures and texts makes columns of either kind; the usual names tell them apart."""
    return space.kind == "joint" and not column.startswith("text")

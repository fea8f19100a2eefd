"""Projection of a new picture or text into a fused space."""

import numpy as np

from visrec_cli.errors import UsageError
from visrec_cli.fusion.recipe import Recipe
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Matrix


def project(space: Space, parts: dict[str, Matrix]) -> Matrix:
    """Vectors (n, space.dimension) of queries known by some of the fused columns.

    parts: source column name → (n, d). What a query lacks says nothing: zeros, or the mean where that was fitted.
    Raises UsageError for a space that fuse did not make or a column that is not among its sources.
    """
    recipe = Recipe.of(space)
    known = [source.column for source in recipe.sources]
    unknown_parts = [name for name in parts if name not in known]
    if unknown_parts:
        raise UsageError(f"'{unknown_parts[0]}' is not part of this space", fix=f"it was made of {', '.join(known)}")
    vectors, _ = recipe.apply({name: (m, np.ones(len(m), bool)) for name, m in parts.items()}, query=True)
    return vectors

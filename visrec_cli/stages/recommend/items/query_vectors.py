"""Vectors of query pictures and texts in the space of an embedding column."""

from collections.abc import Callable, Sequence

import numpy as np

from visrec_cli.errors import InputError, SpaceMismatchError, UsageError
from visrec_cli.runtime.command_line import command_line
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import Matrix

_KINDS = {"pictures": ("image", "joint"), "texts": ("text", "joint")}


def query_vectors(space: Space | None, column: str, width: int, what: str, encode: Callable[[Space], Matrix]) -> Matrix:
    """(n, width) float32: queries in the space of ``column``, which is entered through its sources where it is fused.

    what: "pictures" or "texts". encode: (n, d) vectors of them in a space that an encoder made. Raises InputError when
    the column does not say what made it, UsageError when that takes none of these.
    """
    if space is None:
        raise InputError(
            f"column '{column}' does not record its encoder, so a new query cannot be embedded",
            fix="make the column with visrec embed-images or embed-text and keep it in .arrow or .parquet "
            "(NPY and some tools drop its space), or use --item",
        )
    vectors = _encoded(space, what, encode)
    if vectors is None:
        raise _takes_none(space, column, what)
    if vectors.shape[1] != width:
        raise SpaceMismatchError(
            f"the query has {vectors.shape[1]} numbers, column '{column}' has {width}: the column was changed after "
            f"[{space.describe()}] made it",
            fix="embed the items again",
        )
    return vectors


def unit_queries(vectors: Matrix, names: Sequence[str]) -> Matrix:
    """Each scaled to length 1, whatever its space does. Raises InputError for one without a direction."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise InputError(f"the encoder gives the query {names[int(np.argmin(lengths))]} a zero vector")
    return (vectors / lengths).astype(np.float32)


def _encoded(space: Space, what: str, encode: Callable[[Space], Matrix]) -> Matrix | None:
    """The vectors, or None where the space has no side for them."""
    if not space.sources:
        return encode(space) if space.kind in _KINDS[what] else None
    from visrec_cli.stages.recommend.items.fused_query import project

    parts = {s.column: _encoded(s.space, what, encode) for s in space.sources if s.space is not None}
    known = {column: vectors for column, vectors in parts.items() if vectors is not None}
    return project(space, known) if known else None


def _takes_none(space: Space, column: str, what: str) -> UsageError:
    made = f"column '{column}' ({space.describe()})"
    if what == "texts":
        flag = "--texts" if "texts" in command_line().written else "--text"
        return UsageError(
            f"{made} holds no texts, so {flag} cannot be compared with it",
            fix="add text vectors: … | visrec embed-text --columns title | visrec fuse, or embed the pictures with a "
            "model for both: visrec embed-images IMAGES --encoder st:clip-ViT-B-32",
        )
    return UsageError(
        f"{made} holds no pictures, so --image cannot be compared with it",
        fix="add picture vectors: … | visrec embed-images | visrec fuse, or name another column with --column",
    )

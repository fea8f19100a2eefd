"""New pictures and sentences in the space of a table's embedding column."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visrec_cli.errors import InputError, SpaceMismatchError, UsageProblem
from visrec_cli.tables.columns import Matrix
from visrec_cli.tables.spaces import Space

if TYPE_CHECKING:
    from PIL.Image import Image


def picture_vectors(space: Space | None, column: str, pictures: "Sequence[Image]", width: int) -> Matrix:
    """(n, width) float32, pictures in the space of ``column``; see _vectors for what is raised."""
    return _vectors(space, column, width, pictures, ())


def text_vectors(space: Space | None, column: str, texts: Sequence[str], width: int) -> Matrix:
    """(n, width) float32, sentences in the space of ``column``; see _vectors for what is raised."""
    return _vectors(space, column, width, (), texts)


def _vectors(space: Space | None, column: str, width: int, pictures: "Sequence[Image]", texts: Sequence[str]) -> Matrix:
    """Raises InputError when the column does not say what made it, UsageProblem when that takes no pictures (texts)."""
    if space is None:
        raise InputError(
            f"column '{column}' does not say which encoder made it, so nothing new can be put beside it",
            fix="make the column with visrec embed-images or embed-text and keep it in .arrow or .parquet "
            "(NPY and some tools drop its space), or ask by --item",
        )
    vectors = _encoded(space, pictures, texts)
    if vectors is None:
        raise _takes_none(space, column, "pictures" if pictures else "texts")
    if vectors.shape[1] != width:
        raise SpaceMismatchError(
            f"the query has {vectors.shape[1]} numbers, column '{column}' has {width}: the column was changed after "
            f"[{space.describe()}] made it",
            fix="embed the items again",
        )
    return vectors


def _encoded(space: Space, pictures: "Sequence[Image]", texts: Sequence[str]) -> Matrix | None:
    """The vectors, or None where the space has no side for them. A fused space is entered through its sources."""
    if space.sources:
        from visrec_cli.stages.recommending.fused_query import project

        parts = {s.column: _encoded(s.space, pictures, texts) for s in space.sources if s.space is not None}
        known = {column: vectors for column, vectors in parts.items() if vectors is not None}
        return project(space, known) if known else None
    from visrec_cli.stages.recommending.encode_query import encode_picture, encode_sentence

    if pictures:
        return encode_picture(space, pictures) if space.kind in ("image", "joint") else None
    return encode_sentence(space, texts) if space.kind in ("text", "joint") else None


def _takes_none(space: Space, column: str, what: str) -> UsageProblem:
    made = f"column '{column}' ({space.describe()})"
    if what == "texts":
        return UsageProblem(
            f"{made} holds no texts, so --text cannot be compared with it",
            fix="add a text side: … | visrec embed-text --columns title | visrec fuse, "
            "or embed the pictures with a model that knows both: --encoder st:clip-ViT-B-32",
        )
    return UsageProblem(
        f"{made} holds no pictures, so --image cannot be compared with it",
        fix="add a picture side: … | visrec embed-images | visrec fuse, or name another column with --column",
    )

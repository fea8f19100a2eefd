"""The pictures behind ``--image``: files, folders, archives, or bytes on stdin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.errors import InputError
from visrec_cli.images.archives import MARK
from visrec_cli.images.decode import PictureError, load_picture
from visrec_cli.images.scan import find_pictures
from visrec_cli.runtime.reporting import Report
from visrec_cli.runtime.standard_streams import standard_input
from visrec_cli.stages.recommending.encode_query import scaled_to
from visrec_cli.stages.recommending.queries import Query, picture_queries
from visrec_cli.stages.recommending.query_vectors import picture_vectors
from visrec_cli.stages.recommending.shelf import Shelf

if TYPE_CHECKING:
    from PIL.Image import Image

_AT_ONCE = 32


@dataclass(frozen=True)
class _Asked:
    """One picture: what to load, what to call it, and where it lies if it lies anywhere."""

    source: Any
    name: str
    path: str | None


def image_queries(shelf: Shelf, images: Sequence[Any], report: Report) -> list[Query]:
    """One query per picture. A picture that cannot be used is rejected; InputError if no other is left.

    images: paths of pictures, folders or archives, ``-`` for the bytes on stdin, bytes, or PIL images.
    """
    asked = [one for image in images for one in _asked(image)]
    side = scaled_to(shelf.space)
    queries: list[Query] = []
    for start in range(0, len(asked), _AT_ONCE):
        usable = list(_loaded(asked[start : start + _AT_ONCE], side, report, alone=len(asked) == 1))
        if not usable:
            continue
        pictures = [picture for _, picture in usable]
        vectors = picture_vectors(shelf.space, shelf.column, pictures, shelf.vectors.shape[1])
        names = [one.name for one, _ in usable]
        labels = [Path(name).name or name for name in names]
        queries += picture_queries(names, labels, [one.path for one, _ in usable], _unit(vectors, names))
    if asked and not queries:
        raise InputError(f"none of the {len(asked)} query pictures can be used", fix="--rejects FILE says why")
    return queries


def _asked(image: Any) -> list[_Asked]:
    if isinstance(image, str) and image == "-":
        data = standard_input().read()
        if not data:
            raise InputError("--image -: stdin is empty", fix="visrec recommend TABLE --image - < query.jpg")
        return [_Asked(data, "stdin", None)]
    if not isinstance(image, str | Path):
        return [_Asked(image, "picture", None)]
    if MARK in str(image) and not Path(image).exists():
        return [_Asked(str(image), str(image), str(image))]
    return [_Asked(picture.path, picture.path, picture.path) for picture in find_pictures(image)]


def _loaded(
    asked: Sequence[_Asked], side: int | None, report: Report, *, alone: bool
) -> "Iterator[tuple[_Asked, Image]]":
    for one in asked:
        if not isinstance(one.source, str | Path | bytes):
            yield one, one.source.convert("RGB")
            continue
        try:
            yield one, load_picture(one.source, at_least=(side, side) if side else None)
        except PictureError as error:
            if alone:
                raise InputError(f"the query picture {one.name} cannot be used: {error}", fix=error.fix) from error
            report.reject("recommend", str(error), path=one.name)


def _unit(
    vectors: np.ndarray[Any, np.dtype[np.float32]], names: Sequence[str]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise InputError(
            f"the query picture {names[int(np.argmin(lengths))]} is blank to this encoder: its vector is zero"
        )
    return (vectors / lengths).astype(np.float32)

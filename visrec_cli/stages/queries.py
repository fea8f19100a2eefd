"""What is asked: items, pictures, sentences, likes and dislikes, each with its vector."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from visrec_cli.stages.shelf import Shelf
from visrec_cli.tables.columns import Matrix

_TITLES = ("title", "name", "label")


@dataclass(frozen=True)
class Query:
    """One question. vector: (d,) float32 of length 1. own: rows of the shelf that must not be answers."""

    query_id: str
    kind: str
    label: str
    vector: Matrix
    image_path: str | None = None
    own: tuple[int, ...] = field(default=())


def item_queries(shelf: Shelf, rows: Sequence[int]) -> list[Query]:
    """One query per row of the shelf, the item itself left out of its answers."""
    part = shelf.items.take(list(rows))
    names = [name for name in _TITLES if name in part.column_names]
    labels = part[names[0]].to_pylist() if names else [None] * len(rows)
    paths = part["image_path"].to_pylist() if "image_path" in part.column_names else [None] * len(rows)
    return [
        Query(shelf.ids[row], "item", str(label or shelf.ids[row]), shelf.vectors[row], path, (row,))
        for row, label, path in zip(rows, labels, paths, strict=True)
    ]

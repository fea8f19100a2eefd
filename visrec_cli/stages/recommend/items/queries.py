"""Queries: items, pictures, texts, likes and dislikes, each with its vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.items.catalogue_items import CatalogueItems
from visrec_cli.items.pictures import PATH_COLUMNS
from visrec_cli.tables.vectors import Matrix

_TITLES = ("title", "name")
_AWAY = 0.5


@dataclass(frozen=True)
class Query:
    """One question.

    vectors: (p, d) of length 1, one per part of a mixed query, whose names are in ``parts``. own: rows of the catalogue
    that are no answers. asked: (a, d), what near-duplicates of are no answers either. liked: rows behind a "because".
    """

    query_id: str
    kind: str
    label: str
    vectors: Matrix
    asked: Matrix
    parts: tuple[str, ...]
    image_path: str | None = None
    own: tuple[int, ...] = ()
    liked: tuple[int, ...] = ()


def item_queries(catalogue: CatalogueItems, rows: Sequence[int]) -> list[Query]:
    """One query per row of the catalogue, the item itself left out of its answers."""
    schema = catalogue.items.schema
    title = title_column(schema)
    picture = path_column(schema)
    labels = catalogue.take(rows, [title])[title].to_pylist()
    paths = catalogue.take(rows, [picture])[picture].to_pylist() if picture else [None] * len(rows)
    queries = []
    ids, vectors = catalogue.ids(rows), catalogue.vectors[rows]
    for at, (row, item_id, label, path) in enumerate(zip(rows, ids, labels, paths, strict=True)):
        vector = vectors[at : at + 1]
        queries.append(
            Query(item_id, "item", str(label or item_id), vector, vector, (f"item {item_id}",), path, own=(int(row),))
        )
    return queries


def title_column(schema: pa.Schema) -> str:
    """What people call an item by: the column of titles, else the ids."""
    return next((name for name in _TITLES if name in schema.names), "item_id")


def path_column(schema: pa.Schema) -> str | None:
    """Where the items' pictures are, if a column says so."""
    return next((name for name in PATH_COLUMNS if _is_text(schema, name)), None)


def _is_text(schema: pa.Schema, name: str) -> bool:
    return name in schema.names and bool(pa.types.is_string(schema.field(name).type))


def picture_queries(
    names: Sequence[str], labels: Sequence[str], paths: Sequence[str | None], vectors: Matrix
) -> list[Query]:
    """One query per picture."""
    rows = [vectors[i : i + 1] for i in range(len(vectors))]
    return [
        Query(name, "image", label, row, row, (f"picture {label}",), path)
        for name, label, path, row in zip(names, labels, paths, rows, strict=True)
    ]


def text_queries(ids: Sequence[str], texts: Sequence[str], vectors: Matrix) -> list[Query]:
    """One query per sentence. No item is a duplicate of a sentence."""
    none = vectors[:0]
    return [
        Query(query_id, "text", text, vectors[i : i + 1], none, (f"text '{text}'",))
        for i, (query_id, text) in enumerate(zip(ids, texts, strict=True))
    ]


def taste_query(catalogue: CatalogueItems, like: Sequence[str], unlike: Sequence[str]) -> Query:
    """Likes and dislikes as one query: mean(liked) - 0.5 · mean(unliked), of length 1.

    Source: Rocchio 1971, without an original query; the weight of one half is also what vector databases settled on.
    Raises UsageError without a like, for an item in both lists, or when the two cancel out.
    """
    if not like:
        raise UsageError("--unlike needs --like: it only moves the query away from an item", fix="add --like ID")
    liked = [catalogue.row(item_id) for item_id in dict.fromkeys(like)]
    unliked = [catalogue.row(item_id) for item_id in dict.fromkeys(unlike)]
    both = catalogue.ids([row for row in liked if row in unliked])
    if both:
        raise UsageError(f"item {both[0]!r} is both liked and unliked", fix="use either --like or --unlike")
    own = [*liked, *unliked]
    direction = catalogue.vectors[liked].mean(axis=0, dtype=np.float64)
    if unliked:
        direction -= _AWAY * catalogue.vectors[unliked].mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(direction)
    if length < 1e-6:
        raise UsageError("the liked and the unliked items cancel out", fix="name other items")
    titles = [query.label for query in item_queries(catalogue, own)]
    label = "like " + ", ".join(titles[: len(liked)])
    if unliked:
        label += "; unlike " + ", ".join(titles[len(liked) :])
    query_id = " ".join([f"+{one}" for one in catalogue.ids(liked)] + [f"-{one}" for one in catalogue.ids(unliked)])
    vector = (direction / length).astype(np.float32)[None, :]
    return Query(
        query_id, "mixed", label, vector, catalogue.vectors[own], ("likes",), own=tuple(own), liked=tuple(liked)
    )


def mixed(queries: Sequence[Query]) -> Query:
    """All queries as one, whose rankings are fused by rank."""
    first = queries[0]
    if len(queries) == 1:
        return first
    return replace(
        first,
        query_id=" + ".join(query.query_id for query in queries),
        kind="mixed",
        label=" + ".join(query.label for query in queries),
        vectors=np.concatenate([query.vectors for query in queries]),
        asked=np.concatenate([query.asked for query in queries]),
        parts=tuple(name for query in queries for name in query.parts),
        image_path=next((query.image_path for query in queries if query.image_path), None),
        own=tuple(dict.fromkeys(row for query in queries for row in query.own)),
        liked=tuple(row for query in queries for row in query.liked),
    )

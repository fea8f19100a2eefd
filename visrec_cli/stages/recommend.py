"""``recommend``: what is most like an item, a picture, a sentence, or a taste."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.ranking.filters import rows_where
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.answers import Answer, Answerer, Rows
from visrec_cli.stages.open_index import open_index
from visrec_cli.stages.queries import Query, item_queries, mixed, taste_query, text_queries
from visrec_cli.stages.recommendations import Recommendations
from visrec_cli.stages.shelf import Shelf, fill_shelf
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.reading import Tabular, is_path, name_of, open_table

SAME_ABOVE = 0.98
"""Cosine from which two items count as near-duplicates. Measured with lite0 on product photos: the same photo saved
again or at three quarters of its size has .989 and more; the most similar photos of two products have .969."""

_BLOCK = 256
_ASK = "--item ID, --image FILE, --text WORDS, --like ID or --all"


def recommend(
    table: Tabular,
    *,
    items: Sequence[str] = (),
    images: Sequence[Any] = (),
    texts: Sequence[str] = (),
    like: Sequence[str] = (),
    unlike: Sequence[str] = (),
    all_items: bool = False,
    mix: bool = False,
    k: int = 10,
    where: str | None = None,
    column: str | None = None,
    columns: Sequence[str] | None = None,
    diversity: float = 0.0,
    keep_duplicates: bool = False,
    same_above: float = SAME_ABOVE,
    index: str = "exact",
    trees: int | None = None,
    search_k: int | None = None,
    nlist: int | None = None,
    nprobe: int | None = None,
    id_column: str | None = None,
    report: Report | None = None,
    **npy: Any,
) -> pa.RecordBatchReader:
    """The k items most similar to each query, by cosine, best first.

    Every one of items, images and texts is a query of its own; like and unlike together are one; ``mix`` makes one
    query of all of them, by reciprocal rank fusion. ``all_items`` asks for every item. The items asked about, items
    without a vector and, unless ``keep_duplicates``, near-duplicates of the query or of a better answer are left out.
    where: SQL condition on the items' columns. columns: which item columns go along. diversity: 0 (off) to 1. index:
    exact, annoy (trees, search_k) or faiss (nlist, nprobe). npy: see tables.reading.open_table.

    Returns query_id, query_kind, query_label, query_image_path, item_id, rank, score (cosine; of a mixed query the
    fused one), because_item_id (the liked item nearest to this one), why, and the item columns. Raises UsageProblem
    for unknown ids, names and conditions, InputError for tables or pictures that cannot be used.
    """
    report = report or Report()
    _check(items, images, texts, like, unlike, all_items=all_items, k=k, diversity=diversity, table=table)
    shelf = fill_shelf(_items(table, id_column, npy), column=column, report=report)
    sheet = Recommendations(shelf, columns=columns, pictures=not all_items)
    allowed = _allowed(shelf, where, report)
    blocks = (
        _all_queries(shelf) if all_items else iter([_queries(shelf, items, images, texts, like, unlike, report, mix)])
    )
    if where is not None and index != "exact":
        report.warn(f"--where leaves {len(allowed):,} items, which are searched exactly: the {index} index is not used")
    found = open_index(
        "exact" if where is not None else index,
        shelf.vectors[allowed],
        k,
        {"trees": trees, "search_k": search_k, "nlist": nlist, "nprobe": nprobe},
        report,
    )
    if shelf.space is not None and shelf.space.kind == "text":
        same_above = 2.0  # the same words do not make two items one: only known duplicates do
    answerer = Answerer(shelf, found, allowed, k, diversity, None if keep_duplicates else same_above, report)
    report.expect(int(shelf.present.sum()) if all_items else None, "queries")

    def batches() -> Iterator[pa.RecordBatch]:
        for queries in blocks:
            answers = answerer.answer(queries)
            for answer in answers:
                _tell(answer, shelf, k, report)
            report.advance(len(queries))
            yield sheet.batch(answers)

    return pa.RecordBatchReader.from_batches(sheet.schema, batches())


def _check(*asked: Sequence[Any], all_items: bool, k: int, diversity: float, table: Tabular) -> None:
    _, images, texts, *_ = asked
    if all_items and any(asked):
        raise UsageProblem("--all asks about every item and goes with no other query", fix="leave out one of them")
    if not all_items and not any(asked):
        raise UsageProblem("nothing was asked", fix=f"ask with {_ASK}")
    if k < 1:
        raise UsageProblem(f"-k {k}: ask for at least one item", fix="-k 10")
    if not 0 <= diversity <= 1:
        raise UsageProblem(f"--diversity {diversity} is not between 0 and 1", fix="--diversity 0.3")
    if any(not text.strip() for text in texts):
        raise UsageProblem("--text is empty", fix='--text "red dress"')
    if "-" in [image for image in images if isinstance(image, str)] and is_path(table) and str(table) == "-":
        raise UsageProblem("stdin cannot be both the table and the picture", fix="name the table's file")


def _items(table: Tabular, id_column: str | None, npy: dict[str, Any]) -> pa.Table:
    if is_path(table) and str(table) != "-" and Path(table).is_dir():
        raise InputError(
            f"{table} is a folder, and recommend needs vectors",
            fix=f"visrec embed-images {table} | visrec recommend - --item ID",
        )
    return with_item_ids(open_table(table, **npy), column=id_column, where=name_of(table)).read_all()


def _allowed(shelf: Shelf, where: str | None, report: Report) -> Rows:
    """Rows that may be recommended: those with a vector that pass the condition."""
    allowed = shelf.present
    if where is not None:
        allowed = allowed & rows_where(shelf.items, where)
        report.count("items pass --where", int(allowed.sum()))
    if not allowed.any():
        raise InputError(f"no item with a vector passes --where {where!r}", fix="loosen the condition")
    return np.flatnonzero(allowed)


def _all_queries(shelf: Shelf) -> Iterator[list[Query]]:
    rows = np.flatnonzero(shelf.present)
    for start in range(0, len(rows), _BLOCK):
        yield item_queries(shelf, rows[start : start + _BLOCK].tolist())


def _queries(
    shelf: Shelf,
    items: Sequence[str],
    images: Sequence[Any],
    texts: Sequence[str],
    like: Sequence[str],
    unlike: Sequence[str],
    report: Report,
    mix: bool,
) -> list[Query]:
    """The queries in the order item, image, text, taste. What needs no encoder is checked first."""
    queries = item_queries(shelf, [shelf.row(item_id) for item_id in dict.fromkeys(items)]) if items else []
    taste = [taste_query(shelf, like, unlike)] if like or unlike else []
    if images:
        from visrec_cli.stages.query_pictures import image_queries

        queries += image_queries(shelf, images, report)
    if texts:
        from visrec_cli.stages.query_vectors import text_vectors

        sentences = list(dict.fromkeys(texts))
        queries += text_queries(sentences, text_vectors(shelf.space, shelf.column, sentences, shelf.vectors.shape[1]))
    queries += taste
    return [mixed(queries)] if mix else queries


def _tell(answer: Answer, shelf: Shelf, k: int, report: Report) -> None:
    report.count("queries")
    if len(answer.hidden):
        report.count("near-duplicates not shown", len(answer.hidden))
        if answer.query.kind == "image":
            report.warn(
                f"{answer.query.label} shows item {shelf.ids[answer.hidden[0]]!r} itself or nearly; "
                "--keep-duplicates lists it too"
            )
    if len(answer.rows) < k:
        report.count(f"queries with fewer than {k} answers")

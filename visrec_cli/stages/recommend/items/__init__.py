"""``recommend``: items similar to an item, a picture, a text or a set of likes."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.catalogue_items import CatalogueItems, catalogue_of
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.recommend_items import ItemQuery
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items.answers import Answer, Answerer
from visrec_cli.stages.recommend.items.index_choice import index_opener
from visrec_cli.stages.recommend.items.multimodal_search import Sides
from visrec_cli.stages.recommend.items.request import Asked, require_one_stdin
from visrec_cli.stages.recommend.items.result_table import Recommendations
from visrec_cli.stages.recommend.items.visual_subspace import picture_numbers
from visrec_cli.tables.ids import require_unique, with_item_ids
from visrec_cli.tables.readers import Tabular, is_path, name_of, open_table
from visrec_cli.tables.table_folders import is_folder_of_tables
from visrec_cli.tables.text_schema import is_model
from visrec_cli.tables.vectors import Mask

if TYPE_CHECKING:
    from visrec_cli.stages.recommend.items.model_items import ItemLinks
    from visrec_cli.stages.recommend.items.query_texts import Sentence

_WARNINGS = 5  # a folder of queries that are all in the catalogue need not be listed


@takes(ItemQuery)
def recommend(
    table: Tabular, options: ItemQuery | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Find the k items most similar to each query, best first.

    Similarity is the cosine of vectors; of a model of train-cf that links items, similarity by behaviour. Items that a
    query names, items without a vector and, unless they are asked for, near-duplicates of the query or of a better
    answer are left out.

    Parameters
    ----------
    table : Tabular
        A table with vectors, or a model of train-cf.
    options : ItemQuery | None, default=None
        The queries, and how they are answered; or its fields by name.
    report : Report | None, default=None
        Counts, rejects and notes.
    **named : Any
        Fields of the options.

    Returns
    -------
    pa.RecordBatchReader
        query_id, query_kind, query_label, query_image_path, item_id, rank, score (cosine; of a combined query the fused
        score), because_item_id (the liked item nearest to this one), why, and the item columns.

    Raises
    ------
    UsageError
        For unknown ids, names and conditions.
    InputError
        For tables or pictures that cannot be used.
    """
    report, query = report or Report(), options_of(ItemQuery, options, named)
    texts, listed_texts, k, where = query.texts, query.listed_texts, query.k, query.where
    require_one_stdin(table, query.images, listed_texts)
    if isinstance(texts, str):
        raise UsageError("texts is a list", fix='texts=["red dress"]')
    words = _words(texts, listed_texts, report) if texts or listed_texts is not None else []
    asked = Asked(query.items, query.images, words, query.like, query.unlike, query.all_items, query.mix)
    if k < 1:
        raise UsageError(f"-k {k}: ask for at least one item", fix="-k 10")
    if not 0 <= query.diversity <= 1:
        raise UsageError(f"--diversity {query.diversity} is not between 0 and 1", fix="--diversity 0.3")
    items_table = open_table(_not_a_folder(table), ids=query.ids, row_ids=query.row_ids, report=report)
    if is_model(items_table.schema):
        from visrec_cli.stages.recommend.items.model_items import ItemLinks, model_items

        found, model = model_items(items_table.read_all(), name_of(table))
        if query.id_column is not None:
            raise UsageError(
                f"--id-column needs a table of items, and {name_of(table)} is a model", fix="leave out --id-column"
            )
        if model.items.factors is None:
            _check_links(query, report)
            return _linked(ItemLinks(found, model, asked), k=k, where=where, columns=query.columns, report=report)
    else:
        reader = with_item_ids(items_table, column=query.id_column, unique=False, where=name_of(table))
        found = reader.read_all()
        require_unique(found["item_id"], name_of(table))
    catalogue = catalogue_of(found, column=query.column, report=report, where=name_of(table))
    if not picture_numbers(catalogue.space, catalogue.column, catalogue.vectors.shape[1]).any():
        report.line.require(False, "same_above", "vectors that say what an item looks like")
    sheet = Recommendations(catalogue, columns=query.columns, pictures=not query.all_items)
    allowed = _allowed(catalogue, where, report)
    blocks = asked.queries(catalogue, query.cache, report)
    settings = {name: getattr(query, name) for name in ("trees", "search_k", "nlist", "nprobe")}
    sides = Sides(catalogue, allowed, index_opener(query.index, settings, k, passing=where is not None, report=report))
    same_above = None if query.keep_duplicates else query.same_above
    answerer = Answerer(catalogue, sides, k, query.diversity, same_above, report)

    first = [answerer.answer(queries) for queries in islice(blocks, 1)]  # now, since it tells what cannot be used
    catalogue.look_through()

    def batches() -> Iterator[pa.RecordBatch]:
        for answers in chain(first, map(answerer.answer, blocks)):
            for answer in answers:
                _tell(answer, answerer, report)
            report.advance(len(answers))
            yield sheet.batch(answers)

    return pa.RecordBatchReader.from_batches(sheet.schema, batches())


def _words(texts: Sequence[str], listed: Tabular | None, report: Report) -> "list[Sentence]":
    from visrec_cli.stages.recommend.items.query_texts import sentences

    return sentences(texts, listed, report)


def _check_links(query: ItemQuery, report: Report) -> None:
    """Raise UsageError for an option about vectors, of which a model of links between items has none."""
    options = {"--column": query.column, "--diversity": query.diversity}
    options |= {"--keep-duplicates": query.keep_duplicates, "--index": query.index != "exact"}
    if given := next((flag for flag, value in options.items() if value), None):
        raise UsageError(f"{given} needs vectors, which a model of item-to-item links lacks", fix=f"leave out {given}")
    report.line.require(False, "same_above", "vectors, which a model of item-to-item links lacks")


def _linked(
    links: "ItemLinks", *, k: int, where: str | None, columns: Sequence[str] | None, report: Report
) -> pa.RecordBatchReader:
    """The answers of a model that links items to items."""
    sheet = Recommendations(links.catalogue, columns=columns, pictures=False)
    allowed = _allowed(links.catalogue, where, report)

    def batches() -> Iterator[pa.RecordBatch]:
        for answers in links.answers(k, allowed):
            report.count("queries", len(answers))
            report.count(f"queries with fewer than {k} answers", sum(len(answer.rows) < k for answer in answers))
            yield sheet.batch(answers)

    return pa.RecordBatchReader.from_batches(sheet.schema, batches())


def _not_a_folder(table: Tabular) -> Tabular:
    if is_path(table) and Path(table).is_dir() and not is_folder_of_tables(table):
        raise InputError(
            f"{table} is a folder, and recommend needs vectors",
            fix=f"visrec embed-images {shlex.quote(str(table))} | visrec recommend - --item ID",
        )
    return table


def _allowed(catalogue: CatalogueItems, where: str | None, report: Report) -> Mask | None:
    """(n,) bool, the items with a vector that pass the condition; None without a condition."""
    if where is None:
        return None
    from visrec_cli.ranking.filters import rows_where

    allowed = catalogue.present & rows_where(catalogue.items, where)
    report.count("items pass --where", int(allowed.sum()))
    if not allowed.any():
        raise InputError(f"no item with a vector passes --where {where!r}", fix="loosen the condition")
    return allowed


def _tell(answer: Answer, answerer: Answerer, report: Report) -> None:
    report.count("queries")
    report.count("near-duplicates not shown", len(answer.hidden))
    if len(answer.rows) < answerer.k:
        report.count(f"queries with fewer than {answerer.k} answers")
    same = answerer.query_itself(answer)
    if same is not None and len(report.warnings) < _WARNINGS:
        report.warn(f"{answer.query.label} shows item {same!r} itself, or nearly; --keep-duplicates lists it too")

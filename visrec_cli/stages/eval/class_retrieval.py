"""Retrieval by class, without a log: items of the query's class are relevant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.categories import categories_of
from visrec_cli.items.features import open_features
from visrec_cli.metrics.base import Places
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.item_stats import item_stats_of
from visrec_cli.stages.eval.runs import Run, open_run
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_scores import PerUserScores
from visrec_cli.tables.readers import Tabular, name_of

METRICS = ("precision@1", "r-precision", "map-r", "map-all")
_PAIRS = 1 << 28  # of a query and a relevant item: 2 GiB of them
_SLICES = 50


@dataclass
class SimilarRun(Run):
    """Lists of similar items. A query that is its own neighbour, as some tools have it, is passed over."""

    def _open(self) -> pa.RecordBatchReader:
        reader = super()._open()
        others = (batch.filter(pc.not_equal(batch["user_id"], batch["item_id"])) for batch in reader)
        return pa.RecordBatchReader.from_batches(reader.schema, others)


def open_similar(
    source: Tabular,
    *,
    name: str | None = None,
    user: str | None = None,
    item: str | None = None,
    report: Report | None = None,
) -> Run:
    """A run of lists of similar items."""
    run = open_run(source, name=name, user=user, item=item, report=report)
    return SimilarRun(run.source, run.name, run.user, run.item, run.report)


def open_same_class(
    items: Tabular,
    column: str,
    *,
    id_column: str | None = None,
    needs: Collection[str] = (),
    embedding: str | None = None,
    report: Report | None = None,
) -> Truth:
    """A truth whose users are the items of a class with others in it: to each, those others are relevant.

    column: the class of an item. One of several, ``A|B``, is relevant to whatever shares any of them. Raises
    UsageError for a column that is not there, InputError where no two items share a class.
    """
    report = report or Report()
    features = open_features(items, id_column=id_column, report=report)
    ids = features.ids
    of_class = sp.csr_matrix(categories_of(features, ids, column)[0] > 0, dtype=np.float32)
    pairs = int((np.asarray(of_class.sum(axis=0)).ravel() ** 2).sum())
    if pairs > _PAIRS:
        raise UsageError(
            f"{name_of(items)}: classes of '{column}' are so large that {pairs:,} pairs of items are relevant",
            fix="a finer column, or a sample of the items",
        )
    relevant = sp.csr_matrix(of_class @ of_class.T, dtype=np.float32)
    relevant.setdiag(0)
    relevant.eliminate_zeros()
    relevant.data[:] = 1
    asked = np.flatnonzero(np.diff(relevant.indptr))
    if not len(asked):
        raise InputError(
            f"{name_of(items)}: no two items share a '{column}'",
            fix=f"a coarser column: {', '.join(features.about.column_names)}",
        )
    asked = asked[np.argsort(np.array(ids)[asked], kind="stable")]
    if len(asked) < len(ids):
        report.count("items that are alone in their class, or without one", len(ids) - len(asked))
    relevant = sp.csr_matrix(relevant[asked], dtype=np.float32)
    relevant.sort_indices()
    item_stats = item_stats_of(ids, None, features, needs=needs, embedding=embedding, category=column, report=report)
    queries = pa.array(ids, pa.string()).take(pa.array(asked))
    return Truth(
        queries,
        pa.array(ids, pa.string()),
        relevant,
        None,
        replace(item_stats, like=1.0),
        features=features,
        who="queries",
        called="the table of items",
    )


def facts_of(truth: Truth, column: str) -> dict[str, str]:
    """What a reader must know that is not as with users and a log."""
    sizes = np.diff(truth.relevant.indptr)
    return {
        "relevant": f"what shares a '{column}' with the query, the query itself aside: {truth.relevant.nnz:,} for "
        f"{counted(len(truth.users), 'queries')}, median {np.median(sizes):g} ({sizes.min():,} to {sizes.max():,})",
        "candidates": f"{counted(truth.item_stats.items, 'items')} of the table, without the query itself",
        "seen items": "there are none: items are asked about, not users",
    }


def add_classes(scores: Sequence[PerUserScores], truth: Truth, column: str, report: Report) -> None:
    """Add a slice for the queries of each class; of many classes, for the largest.

    Says where lists are too short to hold all of a class: the missing places are misses.
    """
    assert truth.features is not None
    deepest = int(np.diff(truth.relevant.indptr).max())
    for one in scores:
        if one.notes.longest < deepest and any("@" not in name for name in one.values):
            report.warn(
                f"{one.run}: the longest list has {counted(one.notes.longest, 'items')}, and up to {deepest:,} are "
                f"relevant to a query: what is not listed is missed (visrec recommend --all -k {deepest})"
            )
    ids = truth.item_ids.to_pylist()
    of_class, names = categories_of(truth.features, ids, column)
    rows: Places = pc.index_in(truth.users, truth.item_ids).to_numpy().astype(np.int64)
    queries = sp.csc_matrix(of_class[rows])
    sizes = np.diff(queries.indptr)
    largest = np.sort(np.argsort(-sizes, kind="stable")[:_SLICES])
    if len(names) > _SLICES:
        report.warn(
            f"'{column}' has {len(names):,} classes: those {_SLICES} with the most queries have rows of their own"
        )
    for at in largest[sizes[largest] > 0].tolist():
        in_class = np.zeros(len(rows), bool)
        in_class[queries.indices[queries.indptr[at] : queries.indptr[at + 1]]] = True
        for one in scores:
            one.add_users(f"{column}: {names[at]}", in_class)

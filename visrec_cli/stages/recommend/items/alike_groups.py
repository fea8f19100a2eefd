"""``recommend --group-by``: similar groups of items, such as brands or categories."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.catalogue_items import catalogue_of
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.recommend_items import GroupQuery
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.items.groups import Groups, asked_groups, groups_of
from visrec_cli.stages.recommend.items.item_columns import item_columns
from visrec_cli.stages.recommend.items.queries import path_column
from visrec_cli.tables.ids import require_unique, with_item_ids
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.text_schema import is_model

FIELDS = [
    pa.field("query_id", pa.string()),
    pa.field("query_kind", pa.string()),
    pa.field("query_label", pa.string()),
    pa.field("query_image_path", pa.string()),
    pa.field("group", pa.string()),
    pa.field("group_items", pa.int32()),
    pa.field("item_id", pa.string()),
    pa.field("rank", pa.int32()),
    pa.field("score", pa.float32()),
    pa.field("because_item_id", pa.string()),
    pa.field("why", pa.string()),
]


@takes(GroupQuery)
def recommend_groups(
    table: Tabular, options: GroupQuery | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Find the k groups of items most similar to each queried group, best first.

    A group is the direction of the mean of the unit vectors of its items; the score is the cosine of two directions.

    Parameters
    ----------
    table : Tabular
        A table with vectors and the column of groups.
    options : GroupQuery | None, default=None
        The queries, and how they are answered; or its fields by name.
    report : Report | None, default=None
        Counts, rejects and notes.
    **named : Any
        Fields of the options.

    Returns
    -------
    pa.RecordBatchReader
        The similar group in ``group`` with ``group_items``; in ``item_id`` its item nearest to the queried group, for
        galleries and joins, with its columns; in ``because_item_id`` the queried group's item nearest to it.

    Raises
    ------
    UsageError
        For unknown names and conditions.
    InputError
        For a table without vectors or groups.
    """
    report, query = report or Report(), options_of(GroupQuery, options, named)
    k, where = query.k, query.where
    if k < 1:
        raise UsageError(f"-k {k}: ask for at least one group", fix="-k 10")
    reader = open_table(table, ids=query.ids, row_ids=query.row_ids, report=report)
    if is_model(reader.schema):
        raise InputError(
            f"{name_of(table)} is a model, and groups are made of a table of items", fix="name the table with vectors"
        )
    whole = with_item_ids(reader, column=query.id_column, unique=False, where=name_of(table)).read_all()
    require_unique(whole["item_id"], name_of(table))
    catalogue = catalogue_of(whole, column=query.column, report=report, where=name_of(table))
    allowed = catalogue.present
    if where is not None:
        from visrec_cli.ranking.filters import rows_where

        allowed = allowed & rows_where(catalogue.items, where)
        report.count("items pass --where", int(allowed.sum()))
    found = groups_of(catalogue, query.group_by or "", allowed=allowed, min_items=query.min_items, report=report)
    asked = asked_groups(found, query.groups, query.all_groups)
    passed, fields = item_columns(
        catalogue.items.schema,
        query.columns,
        reserved=[field.name for field in FIELDS],
        pictures=not query.all_groups,
    )
    schema = pa.schema([*FIELDS, *fields])
    report.count("groups", len(asked))

    def batches() -> Iterator[pa.RecordBatch]:
        for group in asked:
            yield _answer(found, group, k, passed, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _answer(groups: Groups, asked: int, k: int, passed: Sequence[str], schema: pa.Schema) -> pa.RecordBatch:
    """The rows of one asked group; equal scores in the order of the names."""
    catalogue, middles = groups.catalogue, groups.middles
    scores = middles @ middles[asked]
    scores[asked] = -np.inf
    best = np.lexsort((np.arange(len(scores)), -scores))[: min(k, len(scores) - 1)]
    items = [groups.nearest(group, middles[asked]) for group in best]
    because = [groups.nearest(asked, middles[group]) for group in best]
    own = groups.nearest(asked, middles[asked])
    path = path_column(catalogue.items.schema)
    picture = catalogue.take([own], [path])[path][0].as_py() if path else None
    part = catalogue.take(items, ["item_id", *passed])
    n, ids = len(best), catalogue.ids(items)
    reasons = catalogue.ids(because)
    whys = [
        f"{groups.names[group]} ({len(groups.members[group])}) and {groups.names[asked]} "
        f"({len(groups.members[asked])}): nearest are {item} and {reason}"
        for group, item, reason in zip(best, ids, reasons, strict=True)
    ]
    arrays = [
        pa.array([groups.names[asked]] * n, pa.string()),
        pa.array(["group"] * n, pa.string()),
        pa.array([groups.names[asked]] * n, pa.string()),
        pa.array([picture] * n, pa.string()),
        pa.array([groups.names[group] for group in best], pa.string()),
        pa.array([len(groups.members[group]) for group in best], pa.int32()),
        part["item_id"],
        pa.array(np.arange(1, n + 1), pa.int32()),
        pa.array(scores[best], pa.float32()),
        pa.array(reasons, pa.string()),
        pa.array(whys, pa.string()),
        *(part[name] for name in passed),
    ]
    whole = [one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one for one in arrays]
    return pa.RecordBatch.from_arrays(whole, schema=schema)

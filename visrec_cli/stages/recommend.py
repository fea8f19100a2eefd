"""``recommend``: what is most like an item, a picture or a sentence."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from visrec_cli.errors import UsageProblem
from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.queries import Query, item_queries
from visrec_cli.stages.shelf import Shelf, fill_shelf
from visrec_cli.tables.ids import with_item_ids
from visrec_cli.tables.reading import Tabular, open_table

_BLOCK = 256


def recommend(
    table: Tabular,
    *,
    items: Sequence[str] = (),
    all_items: bool = False,
    k: int = 10,
    column: str | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """Similar items for each query, best first."""
    report = report or Report()
    if k < 1:
        raise UsageProblem(f"-k {k}: ask for at least one item", fix="-k 10")
    shelf = fill_shelf(with_item_ids(open_table(table)).read_all(), column=column, report=report)
    rows = np.flatnonzero(shelf.present) if all_items else [shelf.row(item_id) for item_id in items]
    index = ExactIndex()
    index.build(shelf.vectors[shelf.present])
    allowed = np.flatnonzero(shelf.present)

    def answers() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(rows), _BLOCK):
            queries = item_queries(shelf, rows[start : start + _BLOCK])
            scores, found = index.search(np.stack([query.vector for query in queries]), k + 1)
            for query, query_scores, query_rows in zip(queries, scores, allowed[found], strict=True):
                keep = ~np.isin(query_rows, query.own)
                yield _batch(shelf, query, query_rows[keep][:k], query_scores[keep][:k])

    return pa.RecordBatchReader.from_batches(_schema(shelf), answers())


def _schema(shelf: Shelf) -> pa.Schema:
    own = [
        pa.field("query_id", pa.string()),
        pa.field("query_kind", pa.string()),
        pa.field("query_label", pa.string()),
        pa.field("query_image_path", pa.string()),
        pa.field("item_id", pa.string()),
        pa.field("rank", pa.int32()),
        pa.field("score", pa.float32()),
    ]
    return pa.schema(own + [field for field in shelf.items.schema if field.name != "item_id"])


def _batch(shelf: Shelf, query: Query, rows: np.ndarray, scores: np.ndarray) -> pa.RecordBatch:
    part = shelf.items.take(rows).combine_chunks()
    n = len(rows)
    columns = [[query.query_id] * n, [query.kind] * n, [query.label] * n, [query.image_path] * n, part["item_id"]]
    columns += [np.arange(1, n + 1, dtype=np.int32), scores]
    columns += [part[name] for name in part.column_names if name != "item_id"]
    schema = _schema(shelf)
    return pa.Table.from_arrays([pa.array(c, f.type) if not isinstance(c, pa.ChunkedArray) else c for c, f in zip(columns, schema)], schema=schema).combine_chunks().to_batches()[0]

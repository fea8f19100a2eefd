"""Item statistics for metrics: popularity, vectors and categories."""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import UsageError
from visrec_cli.items.categories import categories_of
from visrec_cli.items.features import ItemFeatures, content_of
from visrec_cli.metrics.base import ItemStats
from visrec_cli.runtime.report import Report


def item_stats_of(
    ids: Sequence[str],
    past: pa.Table | None,
    features: ItemFeatures | None,
    *,
    needs: Collection[str],
    embedding: str | None,
    category: str | None = None,
    report: Report,
) -> ItemStats:
    """The statistics of the items ``ids``. needs: which of history, popularity, vectors and categories must be known.

    Raises UsageError, saying which flag it takes, where one of them cannot be known.
    """
    if {"history", "popularity"} & set(needs) and past is None:
        raise UsageError("these metrics need training interactions", fix="--train FILE, or a truth with a split")
    if {"vectors", "categories"} & set(needs) and features is None:
        raise UsageError("these metrics need a table of items", fix="--items TABLE")
    popularity, users = None, 0
    if past is not None:
        popularity, users = _popularity(past, ids)
    vectors = has_vector = categories = None
    if features is not None and "vectors" in needs:
        content = content_of(features, ids, column=embedding, report=report)
        vectors = np.concatenate([content.vectors, np.zeros((1, content.vectors.shape[1]), np.float32)])
        has_vector = np.append(content.valid, False)
    if features is not None and "categories" in needs:
        categories, _ = categories_of(features, ids, category)
    return ItemStats(len(ids), users, popularity, vectors, has_vector, categories)


def _popularity(past: pa.Table, ids: Sequence[str]) -> tuple[np.ndarray, int]:
    """(items + 1,) how many users had each item, and how many users there were."""
    places = pc.index_in(past["item_id"], pa.array(ids, pa.string()))
    counts = np.bincount(places.drop_null().to_numpy(), minlength=len(ids) + 1)
    return counts.astype(np.int64), len(pc.unique(past["user_id"]))

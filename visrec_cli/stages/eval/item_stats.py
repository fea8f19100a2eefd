"""What the metrics may know of all items: how popular, how they look, of what category."""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.items.attributes import words_of
from visrec_cli.items.features import ItemFeatures, content_of
from visrec_cli.metrics.base import ItemStats
from visrec_cli.runtime.report import Report

CATEGORIES = ("category", "categories", "genre", "genres", "class", "label")


def world_of(
    ids: Sequence[str],
    past: pa.Table | None,
    shop: ItemFeatures | None,
    *,
    needs: Collection[str],
    embedding: str | None,
    category: str | None,
    report: Report,
) -> ItemStats:
    """The world of the items ``ids``. needs: which of history, popularity, vectors and categories must be known.

    Raises UsageError, saying which flag it takes, where one of them cannot be known.
    """
    if {"history", "popularity"} & set(needs) and past is None:
        raise UsageError("these metrics need to know what came before", fix="--train FILE, or a truth with a split")
    if {"vectors", "categories"} & set(needs) and shop is None:
        raise UsageError("these metrics need to know the items", fix="--items TABLE")
    popularity, users = None, 0
    if past is not None:
        popularity, users = _popularity(past, ids)
    vectors = has_vector = categories = None
    if shop is not None and "vectors" in needs:
        content = content_of(shop, ids, column=embedding, report=report)
        vectors = np.concatenate([content.vectors, np.zeros((1, content.vectors.shape[1]), np.float32)])
        has_vector = np.append(content.valid, False)
    if shop is not None and "categories" in needs:
        categories, _ = categories_of(shop, ids, category)
    return ItemStats(len(ids), users, popularity, vectors, has_vector, categories)


def _popularity(past: pa.Table, ids: Sequence[str]) -> tuple[np.ndarray, int]:
    """(items + 1,) how many users had each item, and how many users there were."""
    places = pc.index_in(past["item_id"], pa.array(ids, pa.string()))
    counts = np.bincount(places.drop_null().to_numpy(), minlength=len(ids) + 1)
    return counts.astype(np.int64), len(pc.unique(past["user_id"]))


def categories_of(shop: ItemFeatures, ids: Sequence[str], column: str | None = None) -> tuple[sp.csr_matrix, list[str]]:
    """(items + 1, categories) csr, and the categories: an item of several, ``A|B``, belongs to each by an equal share.

    column: by default the first with a usual name. Raises UsageError where there is none.
    """
    names = shop.about.column_names
    column = column or next((name for name in CATEGORIES if name in names), None)
    if column is None or column not in names:
        raise UsageError(
            f"the items have no column {f'{column!r}' if column else 'of categories that visrec knows'}",
            fix=f"name one of their columns: {', '.join(names)}",
        )
    words = words_of(shop.about_of(ids)[column])
    numbers = {word: number for number, word in enumerate(sorted({word for some in words for word in some}))}
    rows = np.repeat(np.arange(len(ids)), [len(some) for some in words])
    columns = [numbers[word] for some in words for word in some]
    shares = [1 / len(some) for some in words for _ in some]
    shape = (len(ids) + 1, max(len(numbers), 1))
    return sp.csr_matrix((shares, (rows, columns)), shape=shape, dtype=np.float32), list(numbers)

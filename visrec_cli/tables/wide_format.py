"""Recommendations with one row per user, unrolled to one row per recommendation."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError
from visrec_cli.tables.ids import ids_or_nulls


def is_list(kind: pa.DataType) -> bool:
    """Whether a column of this type holds lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def across(users: pa.Array, items: Sequence[pa.Array], where: str) -> dict[str, pa.Array]:
    """``user``, ``item`` and ``rank`` from one column per place; an empty cell ends nothing and is left out."""
    n, k = len(users), len(items)
    order = np.arange(n * k).reshape(k, n).T.reshape(-1)
    every = pa.concat_arrays([ids_or_nulls(one, name="top_1 …", where=where) for one in items]).take(pa.array(order))
    filled = pc.and_kleene(every.is_valid(), pc.not_equal(every, "")).fill_null(False)
    rows, ranks = pa.array(np.repeat(np.arange(n), k)), pa.array(np.tile(np.arange(1, k + 1), n))
    return {"user": users.take(rows.filter(filled)), "item": every.filter(filled), "rank": ranks.filter(filled)}


def unrolled(users: pa.Array, items: pa.Array, scores: pa.Array | None, where: str) -> dict[str, pa.Array]:
    """``user``, ``item``, ``rank`` and perhaps ``score`` from a list of items per user, best first.

    scores: a list beside each list of items, or None. Raises InputError where the two are of different lengths.
    """
    rows, flat = pc.list_parent_indices(items).to_numpy(), pc.list_flatten(items)
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    found = {"user": users.take(pa.array(rows)), "item": flat, "rank": pa.array(ranks)}
    if scores is not None and is_list(scores.type):
        lengths = [pc.fill_null(pc.list_value_length(lists), 0).to_numpy() for lists in (items, scores)]
        if (lengths[0] != lengths[1]).any():
            raise InputError(
                f"{where}: a list of scores is not as long as its list of items", fix="give each item one score"
            )
        found["score"] = pc.list_flatten(scores)
    return found

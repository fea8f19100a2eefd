"""Groups of items, such as near-duplicates, that must stay in one part of a split."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from visrec_cli.errors import InputError, unknown


def groups_of(ids: Sequence[str], items: pa.Table | None, column: str | None) -> npt.NDArray[np.int64]:
    """(n,) the group of each id, as the place in ``ids`` of its least member; each its own group without a ``column``.

    items: ``item_id`` and the column, whose value is another item's id (``duplicate_of``) or a name that items share
    (``style``). Groups are the connected components. Raises UsageError for a column that is not there, InputError if
    it is empty.
    """
    places = np.arange(len(ids))
    if items is None or column is None:
        return places
    if column not in items.column_names:
        raise unknown("column of the items", column, items.column_names)
    named = items.filter(items[column].is_valid())
    if not named.num_rows:
        raise InputError(
            f"the items' column '{column}' is empty: nothing is grouped",
            fix="visrec preprocess finds near-duplicates and writes duplicate_of",
        )
    ends = [named["item_id"].cast(pa.string()), named[column].cast(pa.string())]
    nodes = pc.unique(pa.chunked_array([pa.array(ids, pa.string()), *ends[0].chunks, *ends[1].chunks]))
    rows, columns = (pc.index_in(end, nodes).to_numpy() for end in ends)
    graph = coo_matrix((np.ones(len(rows), bool), (rows, columns)), shape=(len(nodes), len(nodes)))
    _, component = connected_components(graph, directed=False)
    item_component = component[: len(ids)]  # nodes begin with the ids
    order = np.argsort(np.asarray(ids, dtype=object), kind="stable")
    leader = np.full(component.max() + 1, -1)
    leader[item_component[order[::-1]]] = order[::-1]  # the least id is written last
    return leader[item_component]

"""From a table of interactions to the matrix that recommenders learn from."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log, Times


def log_of(table: pa.Table, *, items: Sequence[str] = (), users: Sequence[str] = ()) -> Log:
    """The log as a matrix. table: as ``open_interactions`` gives it.

    The items and users given come first, in their order, even where nothing happened; others follow, sorted. Weights
    of repeats are added up and their latest time is kept. The order of the table's rows does not matter.
    """
    (user_ids, u), (item_ids, i) = _coded(table["user_id"], users), _coded(table["item_id"], items)
    weights = table["weight"].to_numpy().astype(np.float32)
    times = None
    if "timestamp" in table.column_names and not table["timestamp"].null_count:
        times = table["timestamp"].cast(pa.int64()).to_numpy()
    pairs = u * len(item_ids) + i
    order = np.lexsort((weights, pairs))  # by weight too: sums of floats depend on their order
    pairs, weights, times = pairs[order], weights[order], None if times is None else times[order]
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    if 0 < len(first) < len(pairs):
        weights = np.add.reduceat(weights, first, dtype=np.float64).astype(np.float32)
        times = None if times is None else np.maximum.reduceat(times, first)
        pairs = pairs[first]
    return Log(user_ids, item_ids, *_matrix(pairs, weights, times, (len(user_ids), len(item_ids))))


def _coded(column: pa.ChunkedArray, given: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """All ids, those given first, and the place of each row's id among them."""
    known = pa.array(given, pa.string())
    others = pc.unique(column)
    others = others.filter(pc.invert(pc.is_in(others, known)))
    ids = pa.concat_arrays([known, others.take(pc.sort_indices(others))])
    return tuple(ids.to_pylist()), pc.index_in(column, ids).to_numpy().astype(np.int64)


def _matrix(
    pairs: npt.NDArray[np.int64], weights: npt.NDArray[np.float32], times: Times | None, shape: tuple[int, int]
) -> tuple[sp.csr_matrix, Times | None]:
    """The csr matrix of sorted distinct pairs, without zeros."""
    kept = weights != 0
    if not kept.all():
        pairs, weights, times = pairs[kept], weights[kept], None if times is None else times[kept]
    u, i = np.divmod(pairs, max(shape[1], 1))
    indptr = np.searchsorted(u, np.arange(shape[0] + 1))
    return sp.csr_matrix((weights, i, indptr), shape=shape), times

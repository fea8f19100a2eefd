"""Ground truth: relevant items per user, and the training interactions."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.items.features import ItemFeatures
from visrec_cli.logs.matrix import log_of
from visrec_cli.metrics.base import ItemStats
from visrec_cli.recommenders.data import Log, Times
from visrec_cli.recommenders.top_k import tie_order
from visrec_cli.tables.vectors import Mask


@dataclass(frozen=True)
class Truth:
    """Row u of everything is ``users[u]``; column i is ``item_ids[i]``, and one more column is for unknown items.

    users: those with something relevant, sorted (where ``rated`` is there, those who rated anything). item_ids: the
    table of items, then what the logs have beside it. relevant: (users, items + 1) csr of grades, sorted indices.
    rated: the same with what is not relevant (below min_weight), where errors of ratings are asked for. history: the
    same of what they had before (the weight), or None where nobody said. item_stats: of all items. times: (nnz of
    relevant,) ms or None. train, validation: what came before, as tables; features: the items' table; None where
    there is none.
    who, called: what messages call the users (they may be queries) and the truth. empty: users who were judged, and
    to whom nothing is relevant; empty_is_zero: whether they are there, their lists worth 0.
    """

    users: pa.Array
    item_ids: pa.Array
    relevant: sp.csr_matrix
    history: sp.csr_matrix | None
    item_stats: ItemStats
    times: Times | None = None
    train: pa.Table | None = None
    validation: pa.Table | None = None
    features: ItemFeatures | None = None
    rated: sp.csr_matrix | None = None
    who: str = "users"
    called: str = "the truth"
    empty: int = 0
    empty_is_zero: bool = False

    @cached_property
    def tie_order(self) -> npt.NDArray[np.int64]:
        """(items + 1,) who goes first among equal scores; unknown items go last."""
        return np.append(tie_order(self.item_ids.to_pylist()), len(self.item_ids))

    @cached_property
    def validated(self) -> sp.csr_matrix | None:
        """The part of ``history`` that comes from validation rows: not every recommender takes them for known."""
        return None if self.validation is None else past_of(self.validation, self.users, self.item_ids.to_pylist())

    def only(self, items: Mask) -> sp.csr_matrix:
        """``relevant`` with some of the items alone. items: (items,) bool."""
        return only_items(self.relevant, items)


def only_items(matrix: sp.csr_matrix, items: Mask) -> sp.csr_matrix:
    """Some of the items alone, in a matrix of the same shape. matrix: (users, items + 1). items: (items,) bool."""
    kept = np.append(items, False)[matrix.indices]
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def past_of(past: pa.Table, users: pa.Array, ids: list[str]) -> sp.csr_matrix:
    """(users, items + 1) csr: what of a log's interactions is these users', by weight."""
    past_of_users = past.filter(pc.is_in(past["user_id"], users))
    return widened(log_of(past_of_users, items=ids, users=users.to_pylist())).matrix


def widened(log: Log) -> Log:
    """The log with a column for items that nobody knows."""
    n, m = log.matrix.shape
    matrix = sp.csr_matrix((log.matrix.data, log.matrix.indices, log.matrix.indptr), shape=(n, m + 1))
    return replace(log, matrix=matrix)

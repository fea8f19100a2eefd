"""Exposures: interactions outside the training part, which are not recommended again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.holdout import Parts, within
from visrec_cli.options.logs import Cleaning
from visrec_cli.recommenders.data import Log, Times
from visrec_cli.recommenders.model import Users
from visrec_cli.runtime.report import Report


def with_known(users: Users, items: Sequence[str], parts: Parts, cleaning: Cleaning, *, fit_on: str) -> Users:
    """The users of a fitted model with all that they are known to have met among its ``items``.

    What ``--min-weight`` dropped, and with ``fit_on`` train what is for validation or was held back for it, gets weight
    0: seen, and no reason for anything. Users of whom there are validation rows alone are added, knowing nothing of
    what they like.
    """
    if fit_on == "known" and cleaning.min_weight is None:
        return users
    if fit_on == "train" and parts.validation is not None:
        late = pc.unique(parts.validation["user_id"])
        users = with_users(users, late.filter(pc.invert(pc.is_in(late, pc.unique(parts.train["user_id"])))))
    every = replace(cleaning, min_weight=None, half_life=None, k_core=0)
    shape = (len(users.ids), len(items))
    log = Log(users.ids, tuple(items), sp.csr_matrix(shape, dtype=np.float32))
    return with_met(users, within(clean(parts.known, every, Report()), log))


def with_users(users: Users, ids: pa.Array) -> Users:
    """The users, and behind them others, sorted, of whom nothing is known."""
    added = ids.take(pc.sort_indices(ids)).to_pylist()
    n, m = len(users.ids), len(added)

    def longer(term: np.ndarray | None) -> np.ndarray | None:
        return None if term is None else np.concatenate([term, np.zeros((m, *term.shape[1:]), term.dtype)])

    def wider(links: sp.csr_matrix, columns: int) -> sp.csr_matrix:
        ends = np.append(links.indptr, np.full(m, links.indptr[-1]))
        return sp.csr_matrix((links.data, links.indices, ends), (n + m, columns))

    return replace(
        users,
        ids=(*users.ids, *added),
        history=wider(users.history, users.history.shape[1]),
        factors=longer(users.factors),
        bias=longer(users.bias),
        neighbours=None if users.neighbours is None else wider(users.neighbours, n + m),
    )


def with_met(users: Users, every: Log) -> Users:
    """The users with weight 0 in their histories for what they met beside what is there.

    Such an entry says nothing to a recommender, and keeps the item from being recommended.
    """
    liked = users.history.tocoo()
    others = every.matrix.tocoo()
    pairs = np.concatenate([liked.row, others.row]), np.concatenate([liked.col, others.col])
    order = np.lexsort((np.arange(len(pairs[0])), pairs[1], pairs[0]))  # the liked entry of a pair comes first
    row, column = pairs[0][order], pairs[1][order]
    first = np.ones(len(row), bool)
    first[1:] = (np.diff(row) != 0) | (np.diff(column) != 0)
    weights = np.concatenate([liked.data, np.zeros(len(others.data), np.float32)])[order][first]
    indptr = np.searchsorted(row[first], np.arange(users.history.shape[0] + 1))
    times: Times | None = None
    if users.times is not None and every.times is not None:
        times = np.concatenate([users.times, every.times])[order][first]
    return replace(users, history=sp.csr_matrix((weights, column[first], indptr), users.history.shape), times=times)

"""What a user met and did not like: no reason to be offered it again."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.recommenders.data import Log, Times
from visrec_cli.recommenders.model import Users
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.behaviour.cleaning import Cleaning, clean
from visrec_cli.stages.training.parts import within


def met(table: pa.Table, cleaning: Cleaning, log: Log) -> Log | None:
    """All that the users of ``log`` met among its items, liked or not; None where ``--min-weight`` dropped nothing."""
    if cleaning.min_weight is None:
        return None
    every = replace(cleaning, min_weight=None, half_life=None, k_core=0)
    return within(clean(table, every, Report()), log)


def with_met(users: Users, every: Log) -> Users:
    """The users with weight 0 in their histories for what they met and did not like.

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

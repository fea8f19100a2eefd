"""What was met and not liked."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.exposures import with_known, with_met, with_users
from visrec_cli.logs.holdout import Parts, parts_of
from visrec_cli.logs.matrix import log_of
from visrec_cli.options.logs import Cleaning
from visrec_cli.recommenders.model import users_of
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import open_interactions

RATINGS = pa.table(
    {
        "user": ["a", "a", "a", "b", "b", "c"],
        "item": ["x", "y", "z", "x", "w", "x"],
        "rating": [5.0, 1.0, 4.0, 2.0, 5.0, 1.0],
        "timestamp": [1_600_000_010 + 10 * i for i in range(6)],
    }
)


def test_disliked_items_are_in_the_history_with_weight_zero() -> None:
    table, cleaning = open_interactions(RATINGS), Cleaning(min_weight=4)
    log = log_of(clean(table, cleaning, Report()))
    users = with_known(users_of(log), log.items, Parts(table, None, table), cleaning, fit_on="known")
    assert users.ids == ("a", "b")  # c liked nothing: nobody knows that user
    assert log.items == ("w", "x", "z")  # y was liked by nobody and is no item of the model
    assert users.history.toarray().tolist() == [[0, 1, 1], [1, 0, 0]]
    assert users.history.nnz == 4
    stored = [users.history[row].indices.tolist() for row in range(2)]
    assert stored == [[1, 2], [0, 1]]
    assert users.times is not None
    assert (users.times // 1000).tolist() == [1_600_000_010 + 10 * i for i in (0, 2, 4, 3)]
    assert users.known.all()


def test_without_a_least_weight_nothing_is_added() -> None:
    table = open_interactions(RATINGS)
    users = users_of(log_of(table))
    assert with_known(users, (), Parts(table, None, table), Cleaning(), fit_on="known") is users


def test_a_user_with_nothing_but_dislikes_is_unknown() -> None:
    log = log_of(open_interactions(RATINGS))
    none = users_of(log.only(np.zeros(log.matrix.nnz, bool)))
    users = with_met(none, log)
    assert users.history.nnz == 6
    assert not users.known.any()


SPLIT = RATINGS.append_column("split", pa.array(["train", "train", "validation", "train", "validation", "validation"]))


def test_validation_rows_are_seen_where_the_training_rows_alone_are_fitted() -> None:
    """a: x and y, z for validation, which training has not; b: x, w for validation; c: x for validation alone."""
    parts = parts_of(open_interactions(SPLIT), fold=None, report=Report())
    log = log_of(parts.train, items=["w"])
    users = with_known(users_of(log), log.items, parts, Cleaning(), fit_on="train")
    assert (users.ids, log.items) == (("a", "b", "c"), ("w", "x", "y"))
    assert users.history.toarray().tolist() == [[0, 5, 1], [0, 2, 0], [0, 0, 0]]
    assert [users.history[row].indices.tolist() for row in range(3)] == [[1, 2], [0, 1], [1]]
    assert users.known.tolist() == [True, True, False]


def test_users_of_whom_nothing_is_known_have_no_terms() -> None:
    few = users_of(log_of(open_interactions(RATINGS)))
    terms = {
        "factors": np.ones((3, 2), np.float32),
        "bias": np.ones(3, np.float32),
        "neighbours": sp.eye(3, format="csr"),
    }
    users = with_users(replace(few, **terms), pa.array(["z", "d"]))
    assert users.ids == ("a", "b", "c", "d", "z")
    assert users.factors is not None
    assert users.factors.tolist() == [[1, 1]] * 3 + [[0, 0]] * 2
    assert users.bias is not None
    assert users.bias.tolist() == [1, 1, 1, 0, 0]
    assert users.neighbours is not None
    assert users.neighbours.toarray().tolist() == np.diag([1, 1, 1, 0, 0]).tolist()
    assert users.history.shape == (5, 4)

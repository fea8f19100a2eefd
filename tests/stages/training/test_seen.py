"""What was met and not liked."""

import numpy as np
import pyarrow as pa

from visrec_cli.recommenders.model import users_of
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.behaviour.cleaning import Cleaning, clean
from visrec_cli.stages.behaviour.logs import log_of
from visrec_cli.stages.training.seen import met, with_met
from visrec_cli.tables.interactions import open_interactions

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
    every = met(table, cleaning, log)
    assert every is not None
    users = with_met(users_of(log), every)
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
    assert met(table, Cleaning(), log_of(table)) is None


def test_a_user_with_nothing_but_dislikes_is_unknown() -> None:
    log = log_of(open_interactions(RATINGS))
    none = users_of(log.only(np.zeros(log.matrix.nnz, bool)))
    users = with_met(none, log)
    assert users.history.nnz == 6
    assert not users.known.any()

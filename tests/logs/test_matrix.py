"""From rows to a matrix."""

import random

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.logs.matrix import log_of
from visrec_cli.tables.interaction_log import open_interactions

ROWS = [("v", "b", 2.0, 1), ("u", "c", 1.0, 2), ("v", "b", 0.5, 7), ("u", "a", 4.0, 3), ("v", "a", 1.0, 4)]
BASE = 1_600_000_000


def table(rows: list[tuple]) -> pa.Table:
    users, items, weights, times = (list(column) for column in zip(*rows, strict=True))
    return open_interactions(
        pa.table({"user": users, "item": items, "weight": weights, "time": [BASE + time for time in times]})
    )


def test_users_and_items_are_sorted_repeats_summed_and_their_latest_time_kept() -> None:
    log = log_of(table(ROWS))
    assert (log.users, log.items) == (("u", "v"), ("a", "b", "c"))
    assert log.matrix.toarray().tolist() == [[4, 0, 1], [1, 2.5, 0]]
    assert log.matrix.dtype == np.float32
    assert (log.times // 1000 - BASE).tolist() == [3, 2, 4, 7]
    log.matrix.check_format()
    assert log.matrix.has_canonical_format


def test_those_given_come_first_even_where_nothing_happened() -> None:
    log = log_of(table(ROWS), items=["z", "c"], users=["w", "v"])
    assert (log.users, log.items) == (("w", "v", "u"), ("z", "c", "a", "b"))
    assert log.matrix.toarray().tolist() == [[0, 0, 0, 0], [0, 0, 1, 2.5], [0, 1, 4, 0]]


@given(st.randoms(use_true_random=False), st.lists(st.floats(2**-20, 2**20, width=32), min_size=5, max_size=5))
def test_the_order_of_the_rows_does_not_matter(rng: random.Random, weights: list[float]) -> None:
    rows = [(user, item, weight, time) for (user, item, _, time), weight in zip(ROWS, weights, strict=True)] * 3
    mixed = rng.sample(rows, len(rows))
    one, other = log_of(table(rows)), log_of(table(mixed))
    assert one.matrix.data.tobytes() == other.matrix.data.tobytes()
    assert one.times.tobytes() == other.times.tobytes()
    assert one.matrix.indices.tolist() == other.matrix.indices.tolist()


def test_without_times_there_are_none_and_without_rows_the_matrix_is_empty() -> None:
    whole = table(ROWS)
    assert log_of(whole.drop_columns("timestamp")).times is None
    empty = log_of(whole.slice(0, 0), items=["a"], users=["u", "v"])
    assert empty.matrix.shape == (2, 1)
    assert empty.matrix.nnz == 0

"""What is learned from, and what is held back."""

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.holdout import held_back, parts_of
from visrec_cli.recommenders.data import Log
from visrec_cli.runtime.report import Report


def log_table(**columns: list[object]) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({"user_id": ["u"] * n, "item_id": [f"i{i}" for i in range(n)], **columns})


def ids(table: pa.Table | None) -> list[str]:
    return [] if table is None else table["item_id"].to_pylist()


def test_the_words_of_other_tools_are_understood() -> None:
    table = log_table(split=["train", "valid", "test", "Training", "dev"])
    report = Report()
    parts = parts_of(table, fold=None, report=report)
    assert ids(parts.train) == ["i0", "i3"]
    assert ids(parts.validation) == ["i1", "i4"]
    assert "split" not in parts.train.column_names
    assert report.counts["test interactions not looked at"] == 1


def test_without_a_split_everything_is_for_training() -> None:
    parts = parts_of(log_table(weight=[1.0, 2.0]), fold=None, report=Report())
    assert ids(parts.train) == ["i0", "i1"]
    assert parts.validation is None


def test_a_fold_is_left_out() -> None:
    parts = parts_of(log_table(fold=[0, 1, 0, 2]), fold=0, report=Report())
    assert ids(parts.train) == ["i1", "i3"]


@pytest.mark.parametrize(
    ("columns", "fold", "message"),
    [
        ({"fold": [0, 1]}, None, "which one is left out"),
        ({"fold": [0, 1]}, 5, "folds 0, 1"),
        ({"weight": [1, 1]}, 0, "needs a column 'fold'"),
        ({"split": ["train", "holdout"]}, None, "'holdout'"),
        ({"split": ["train", None]}, None, "None"),
        ({"split": ["test", "test"]}, None, "no rows to train on"),
    ],
)
def test_what_it_refuses(columns: dict[str, list[object]], fold: int | None, message: str) -> None:
    with pytest.raises((UsageError, InputError), match=message):
        parts_of(log_table(**columns), fold=fold, report=Report())


def a_log(counts: list[int]) -> Log:
    matrix = sp.csr_matrix(np.array([[column < n for column in range(20)] for n in counts], np.float32))
    return Log(tuple(f"u{i}" for i in range(len(counts))), tuple(f"i{i}" for i in range(20)), matrix)


def test_a_share_of_each_user_is_held_back_and_never_everything() -> None:
    log = a_log([20, 10, 2, 1, 0])
    mask = held_back(log, 0.2, seed=1)
    held = np.diff(log.only(mask).matrix.indptr)
    assert held.tolist() == [4, 2, 1, 0, 0]
    assert np.diff(log.only(~mask).matrix.indptr).tolist() == [16, 8, 1, 1, 0]


def test_the_seed_draws() -> None:
    log = a_log([20] * 5)
    first, again, other = (held_back(log, 0.3, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert not held_back(log, 0.0, seed=1).any()


def test_the_latest_are_held_back_where_the_order_counts() -> None:
    matrix = sp.csr_matrix(np.ones((2, 10), np.float32))
    times = np.concatenate([np.arange(10), np.arange(10)[::-1]]).astype(np.int64)
    log = Log(("a", "b"), tuple(f"i{i}" for i in range(10)), matrix, times)
    assert np.flatnonzero(held_back(log, 0.2, 0, latest=True)).tolist() == [8, 9, 10, 11]
    assert held_back(log, 0.2, 0).sum() == 4

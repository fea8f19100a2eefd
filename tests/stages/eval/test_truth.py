"""What is relevant, what came before, and what is known of the items."""

import numpy as np
import pyarrow as pa
import pytest

from tests.stages.eval.cases import log, small_truth
from visrec_cli.errors import InputError, UsageError
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.tables.vectors import column_of


def test_a_truth_beside_what_came_before() -> None:
    truth = small_truth()
    assert truth.users.to_pylist() == ["u1", "u2"]
    assert truth.item_ids.to_pylist() == ["a", "b", "c", "x", "y"]
    assert truth.relevant.toarray().tolist() == [[5, 3, 0, 0, 0, 0], [0, 0, 4, 0, 0, 0]]
    assert truth.history.toarray().tolist() == [[0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 1, 0]]
    assert truth.item_stats.items == 5
    assert truth.item_stats.users == 2
    assert truth.item_stats.popularity.tolist() == [1, 0, 0, 1, 1, 0]
    assert truth.item_stats.like == 4  # the mean rating


def test_a_log_that_is_split() -> None:
    table = log(("u1", "a", 5), ("u1", "b", 3), ("u2", "c", 4), ("u1", "x", 1), ("u2", "a", 1), ("u2", "y", 1))
    parts = pa.array(["test", "test", "Test", "train", "valid", "train"])
    truth, other = open_truth(table.append_column("split", parts)), small_truth()
    assert (truth.relevant != other.relevant).nnz == 0
    assert (truth.history != other.history).nnz == 0
    folds = open_truth(table.append_column("fold", pa.array([1, 1, 1, 0, 2, 0])), fold=1)
    assert (folds.relevant != other.relevant).nnz == 0


def test_without_anything_before() -> None:
    truth = open_truth(log(("u", "b"), ("u", "a")))
    assert truth.history is None
    assert truth.item_stats.popularity is None
    assert truth.relevant.toarray().tolist() == [[1, 1, 0]]


def test_min_weight_says_what_is_relevant_and_leaves_the_grades() -> None:
    truth = small_truth(min_weight=4)
    assert truth.relevant.toarray().tolist() == [[5, 0, 0, 0, 0], [0, 4, 0, 0, 0]]
    assert truth.item_ids.to_pylist() == ["a", "c", "x", "y"]
    assert truth.item_stats.like == 4
    with pytest.raises(InputError, match="no weight reaches 6: the largest is 5"):
        small_truth(min_weight=6)


def test_the_table_of_items_is_the_catalogue_and_others_follow() -> None:
    items = pa.table({"item_id": ["y", "b", "new"], "category": ["red|blue", "red", None]})
    truth = small_truth(items=items, needs={"categories"})
    assert truth.item_ids.to_pylist() == ["y", "b", "new", "a", "c", "x"]
    assert truth.item_stats.categories.toarray().tolist() == [
        [0.5, 0.5],
        [0, 1],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
    ]


def test_the_vectors_of_the_items() -> None:
    vectors = column_of(np.array([[3, 4], [0, 2]], np.float32))
    truth = small_truth(items=pa.table({"item_id": ["b", "a"], "embedding": vectors}), needs={"vectors"})
    np.testing.assert_allclose(truth.item_stats.vectors[:3], [[0.6, 0.8], [0, 1], [0, 0]])
    assert truth.item_stats.has_vector.tolist() == [True, True, False, False, False, False]


def test_some_of_the_items_alone() -> None:
    truth = small_truth()
    some = truth.only(np.array([False, True, True, False, False]))
    assert some.toarray().tolist() == [[0, 3, 0, 0, 0, 0], [0, 0, 4, 0, 0, 0]]
    assert np.diff(some.indptr).tolist() == [1, 1]


def test_contradictions_and_what_is_lacking() -> None:
    split = log(("u", "a"), ("u", "b")).append_column("split", pa.array(["train", "test"]))
    with pytest.raises(UsageError, match="contains its training rows"):
        open_truth(split, train=log(("u", "c")))
    with pytest.raises(InputError, match="leaves no test rows"):
        open_truth(split.slice(0, 1))
    with pytest.raises(UsageError, match="which one is the test"):
        open_truth(log(("u", "a")).append_column("fold", pa.array([0])))
    with pytest.raises(UsageError, match="need training interactions") as before:
        open_truth(log(("u", "a")), needs={"popularity"})
    assert "--train" in str(before.value.fix)
    with pytest.raises(UsageError, match="need a table of items"):
        open_truth(log(("u", "a")), needs={"vectors"})
    with pytest.raises(UsageError, match="of categories"):
        small_truth(items=pa.table({"item_id": ["a"], "title": ["A"]}), needs={"categories"})


def test_an_empty_truth() -> None:
    with pytest.raises(InputError, match="has no interactions"):
        open_truth(log(("u", "a")).slice(0, 0))

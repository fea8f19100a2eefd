"""From runs to numbers, by hand."""

import numpy as np
import pyarrow as pa
import pytest

from tests.stages.eval.cases import log, recs, small_truth
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import user_lists
from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.runs import open_run
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.eval.user_scores import score_run


def test_a_user_without_recommendations_counts_as_zero() -> None:
    report = Report()
    scores = score_run(open_run(recs(("u1", "x"), ("u1", "a"))), small_truth(), wanted(["recall@2", "mrr"]), report)
    assert scores.values["recall@2"].tolist() == [0.5, 0]
    assert scores.values["mrr"].tolist() == [0.5, 0]
    assert scores.mean("recall@2") == 0.25
    assert any("1 user of 2 without recommendations: counted as 0" in line for line in report.warnings)
    assert (scores.notes.places, scores.notes.seen) == (2, 1)


def test_ratings_are_pooled() -> None:
    table = recs(("u1", "a", 4.0), ("u1", "b", 1.0), ("u2", "x", 2.0), columns=("user_id", "item_id", "score"))
    report = Report()
    scores = score_run(open_run(table), small_truth(needs={"ratings"}), wanted(["rmse", "mae", "accuracy"]), report)
    assert scores.mean("rmse") == pytest.approx(np.sqrt((1 + 4) / 2))
    assert scores.mean("mae") == pytest.approx(1.5)
    assert scores.mean("accuracy") == 1  # from 4 on, the mean rating, it is a like
    np.testing.assert_allclose(scores.values["mae"], [1.5, np.nan])
    assert "run: errors of ratings are of the 2 of 3 held-out ratings that were predicted" in report.warnings


def test_ratings_are_those_of_all_that_was_rated() -> None:
    truth = open_truth(log(("u1", "a", 5), ("u1", "b", 1), ("u2", "c", 2)), min_weight=4, needs={"ratings"})
    table = recs(("u1", "a", 4.0), ("u1", "b", 2.0), ("u2", "c", 5.0), columns=("user_id", "item_id", "score"))
    is_b = truth.item_ids.to_numpy(zero_copy_only=False) == "b"
    scores = score_run(open_run(table), truth, wanted(["mae", "accuracy", "recall@1"]), slices={"b": is_b})
    assert scores.mean("mae") == pytest.approx((1 + 1 + 3) / 3)
    assert scores.mean("accuracy") == pytest.approx(2 / 3)
    np.testing.assert_equal(scores.values["recall@1"], [1, np.nan])  # to u2 nothing is relevant
    assert scores.mean("mae", "b") == pytest.approx(1)


def test_only_some_items_are_relevant_in_a_slice() -> None:
    truth = small_truth()
    run = open_run(recs(("u1", "b"), ("u1", "a"), ("u2", "c")))
    only_a = truth.item_ids.to_numpy(zero_copy_only=False) == "a"
    scores = score_run(run, truth, wanted(["mrr", "recall@1"]), slices={"a": only_a})
    assert scores.values["mrr"].tolist() == [1, 1]
    np.testing.assert_equal(scores.slices["a"]["mrr"], [0.5, np.nan])
    np.testing.assert_equal(scores.slices["a"]["recall@1"], [0, np.nan])


def test_blocks_and_scattered_rows_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    users = np.arange(50)
    truth = open_truth(log(*{(f"u{u}", f"i{i}") for u in users for i in rng.integers(0, 30, 4)}))
    table = recs(*[(f"u{u}", f"i{i}", at) for u in users[:45] for at, i in enumerate(rng.permutation(30)[:12], 1)])
    asked = wanted(["ndcg", "recall", "map", "f1"], [3, 10])
    whole = score_run(open_run(table), truth, asked)
    monkeypatch.setattr(user_lists, "USERS", 4)
    report = Report()
    mixed = score_run(open_run(table.take(pa.array(rng.permutation(table.num_rows)))), truth, asked, report)
    for name, values in whole.values.items():
        np.testing.assert_allclose(mixed.values[name], values, rtol=1e-12)
    assert "run: the rows of a user do not stand together: sorted in memory" in report.warnings
    assert any("5 users of 50 without recommendations" in line for line in report.warnings)


def test_lists_shorter_than_k_are_said() -> None:
    report = Report()
    score_run(open_run(recs(("u1", "a"), ("u2", "b"))), small_truth(), wanted(["recall@1", "recall@5"]), report)
    assert "run: the longest list has 1 item: @5 looks further" in report.warnings

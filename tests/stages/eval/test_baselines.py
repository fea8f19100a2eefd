"""What everything must beat, by the same rules."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.baselines import Baseline, BaselineRules, baselines_of, rules_of
from visrec_cli.stages.eval.diagnostics import RunDiagnostics
from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.eval.user_scores import score_run
from visrec_cli.tables.provenance import Fit
from visrec_cli.tables.vectors import column_of

LOG = pa.table({
    "user_id": ["u", "u", "v", "v", "w", "u", "v", "u", "v", "x"],
    "item_id": ["a", "b", "a", "c", "a", "c", "b", "d", "e", "a"],
    "split": ["train"] * 5 + ["validation"] * 2 + ["test"] * 3,
})  # fmt: skip


def lists_of(run: Baseline, truth: Truth) -> dict[str, str]:
    found = {}
    for block in run.blocks(truth, None):
        for row, items in zip(block.rows, block.items, strict=True):
            found[truth.users[int(row)].as_py()] = " ".join(truth.item_ids[int(i)].as_py() for i in items if i >= 0)
    return found


def items_with_vectors() -> pa.Table:
    """b and d look alike, as do c and e, and a stands alone."""
    vectors = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0.1, 0], [0.3, 1, 0]], np.float32)
    return pa.table({"item_id": list("abcde"), "embedding": column_of(vectors, np.ones(5, bool))})


def test_popularity_leaves_out_what_users_had() -> None:
    """a 3, b 1, c 1 of train; d and e were in no log before: no candidates without a table of items."""
    truth = open_truth(LOG)
    random, popularity = baselines_of(truth, BaselineRules(), k=9, report=(report := Report()))
    assert (random.name, popularity.name) == ("random", "popularity")
    assert lists_of(popularity, truth)["u"] == ""
    assert set(lists_of(popularity, truth)["x"].split()) == {"a", "b", "c"}
    assert lists_of(popularity, truth)["x"].startswith("a ")
    assert "content-knn" in report.warnings[0]


def test_as_the_runs_do() -> None:
    truth = open_truth(LOG)
    of_train = baselines_of(truth, BaselineRules(validated=True), k=9)[1]
    assert lists_of(of_train, truth)["u"] == "c"  # it learned nothing from validation, and may recommend it
    again = baselines_of(truth, BaselineRules(again=True), k=2)[1]
    assert lists_of(again, truth)["u"] == "a b"  # c is a validation row
    everything = baselines_of(truth, BaselineRules(again=True, validated=True), k=9)[1]
    assert set(lists_of(everything, truth)["u"].split()) == {"a", "b", "c"}


def test_the_rules_are_those_that_the_lists_show() -> None:
    assert rules_of([RunDiagnostics(places=100, seen=0)]) == BaselineRules(again=False, validated=False)
    assert rules_of([RunDiagnostics(places=100, seen=9, validated=9)]) == BaselineRules(again=False, validated=True)
    assert rules_of([RunDiagnostics(places=100, seen=0), RunDiagnostics(places=100, seen=30)]) == BaselineRules(
        again=True, validated=False
    )


@pytest.mark.parametrize(("interactions", "fit_on"), [(50, "train"), (51, "known"), (None, "known")])
def test_a_model_of_the_training_rows_alone_knew_no_others(interactions: int | None, fit_on: str) -> None:
    assert rules_of([RunDiagnostics(places=100)], [Fit("known", interactions)], trained=50).fit_on == fit_on


def test_content_knn_finds_what_looks_alike_and_falls_back_to_popularity() -> None:
    truth = open_truth(LOG, items=items_with_vectors())
    random, _, knn = baselines_of(truth, BaselineRules(validated=True), k=2, taken=["random"])
    assert random.name == "random (baseline)"
    assert sorted(lists_of(random, truth)["u"].split()) != sorted("ab")
    assert lists_of(knn, truth)["v"].split()[0] == "e"  # v liked a and c
    assert lists_of(knn, truth)["u"].split()[0] == "d"
    assert lists_of(knn, truth)["x"].split()[0] == "a"


def test_they_are_scored_like_all_runs_and_can_be_read_again() -> None:
    truth = open_truth(LOG, items=items_with_vectors())
    knn = baselines_of(truth, BaselineRules(validated=True), k=2)[2]
    scores = score_run(knn, truth, wanted(["hit@1", "rmse"]), Report())
    assert scores.values["hit@1"] == pytest.approx([1, 1, 1])
    assert np.isnan(scores.mean("rmse"))  # a cosine is no rating
    assert (scores.notes.seen, scores.notes.validated) == (2, 2)
    assert lists_of(knn, truth) == lists_of(knn, truth)


def test_only_what_was_liked_counts_and_what_was_not_stays_seen() -> None:
    rated = LOG.append_column("rating", pa.array([5, 1, 5, 5, 5, 5, 1, 5, 5, 5]))
    truth = open_truth(rated)
    popularity = baselines_of(truth, BaselineRules(), k=9, min_weight=4)[1]
    assert lists_of(popularity, truth)["x"] == "a c"
    assert lists_of(popularity, truth)["v"] == ""  # b was not liked, and not unseen either


def test_blocks_of_users_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = open_truth(LOG, items=items_with_vectors())
    runs = baselines_of(truth, BaselineRules(), k=3)
    whole = [lists_of(run, truth) for run in runs]
    monkeypatch.setattr("visrec_cli.stages.eval.baselines._CELLS", 7)
    assert [lists_of(run, truth) for run in runs] == whole


def test_without_a_past_there_is_nothing_to_learn() -> None:
    truth = open_truth(LOG.drop_columns(["split"]))
    with pytest.raises(UsageError, match="need training interactions"):
        baselines_of(truth, BaselineRules(), k=5)

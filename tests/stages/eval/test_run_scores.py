"""Everything that is asked of runs, at once, on a shop whose truth is planted: each user likes one kind of item."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import UsageError
from visrec_cli.options.eval import Gates
from visrec_cli.options.recommend_users import Rules as ServingRules
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import Evaluation, evaluate
from visrec_cli.stages.eval.baselines import BaselineRules, baselines_of
from visrec_cli.stages.eval.report_model import report_of
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.stages.train_cf import train_cf
from visrec_cli.tables.vectors import column_of

KINDS, EACH, USERS = 4, 10, 40
NAMES = [f"{kind}{n}" for kind in "abcd"[:KINDS] for n in range(EACH)]


def the_items() -> pa.Table:
    """Vectors that say the kind, as a picture would, and a little else."""
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(KINDS, 8), EACH, axis=0) + rng.normal(0, 0.05, (KINDS * EACH, 8))
    columns = {"item_id": NAMES, "kind": [name[0] for name in NAMES]}
    return pa.table({**columns, "embedding": column_of(vectors.astype(np.float32), np.ones(len(NAMES), bool))})


def the_log() -> pa.Table:
    """Each user has four of the items of a kind in training, one for validation, and three in the test."""
    rng = np.random.default_rng(1)
    rows = []
    for user in range(USERS):
        own = rng.permutation([name for name in NAMES if name[0] == "abcd"[user % KINDS]])
        parts = ["train"] * 4 + ["validation"] + ["test"] * 3
        rows += [(f"u{user:02}", str(item), part) for item, part in zip(own, parts, strict=False)]
    return pa.table(dict(zip(("user_id", "item_id", "split"), map(list, zip(*rows, strict=True)), strict=True)))


def recommended(log: pa.Table, *, good: bool) -> pa.Table:
    """All that a user did not have in training and validation: good lists begin with the kind that they like."""
    rng = np.random.default_rng(2)
    rows = []
    before = {(r["user_id"], r["item_id"]) for r in log.to_pylist() if r["split"] != "test"}
    for user in sorted(set(log["user_id"].to_pylist())):
        others = [str(item) for item in rng.permutation(NAMES) if (user, item) not in before]
        liked = next(item[0] for one, item in sorted(before) if one == user)
        rows += [(user, item) for item in sorted(others, key=lambda item: good and item[0] != liked)[:8]]
    return pa.table({"user_id": [user for user, _ in rows], "item_id": [item for _, item in rows]})


LOG = the_log()
GOOD, BAD = recommended(LOG, good=True), recommended(LOG, good=False)


def judged(*runs: pa.Table, **more: object) -> Evaluation:
    names = ["good", "bad", "other"][: len(runs)]
    return evaluate(*runs, truth=LOG, items=the_items(), names=names, metrics=["recall@5"], **more)  # type: ignore[arg-type]


def values(done: Evaluation, slice: str = "all") -> dict[str, float]:
    return {row["run"]: row["value"] for row in done.results.to_pylist() if row["slice"] == slice}


def test_what_was_planted_is_found_and_said() -> None:
    report = Report()
    done = judged(GOOD, BAD, baselines=True, by=["kind", "activity"], report=report)
    found = values(done)
    assert list(found) == ["good", "bad", "random", "popularity", "content-knn"]
    assert found["good"] == found["content-knn"] == 1  # three of five are left of the kind
    assert found["bad"] < 0.35
    assert found["random"] < 0.35
    assert values(done, "kind: a")["good"] == 1
    assert {row["n"] for row in done.results.to_pylist() if row["slice"] == "kind: a"} == {USERS // KINDS}
    assert {row["n"] for row in done.results.to_pylist() if row["slice"] == "users: 1 to 5 before"} == {USERS}
    sentences = {(one.run, one.other): one for one in done.differences}
    assert len(sentences) == done.comparisons.num_rows == 10
    assert sentences["bad", "good"].sentence.startswith("good beats bad by 0.")
    assert sentences["content-knn", "good"].sentence == "content-knn and good have the same recall@5 for every user"
    assert sentences["bad", "random"].verdict == "unclear"
    told = report_of(done, report)
    assert sentences["bad", "good"].sentence in told.differences
    assert {"baselines", "comparisons", "intervals", "slices of items"} <= set(done.facts)
    assert done.facts["baselines"] == (
        "learned from the training rows; lists of 5; what a user had in training or for validation is left out, "
        "as by the runs"
    )


def test_gates_judge_the_runs_that_were_given() -> None:
    gates = Gates(fail_under=["recall@5=0.9"], worse_than=GOOD)
    good = judged(GOOD, gates=gates, baselines=True)
    assert [(one.run, one.passed) for one in good.verdicts] == [("good", True), ("good", True)]
    bad = evaluate(BAD, truth=LOG, names=["bad"], metrics=["recall@5"], gates=gates)
    assert [one.passed for one in bad.verdicts] == [False, False]
    assert bad.verdicts[1].sentence.startswith("run beats bad by")
    assert [one.other for one in bad.differences] == ["run"]  # others are compared with the base


def test_the_metric_of_a_gate_is_computed() -> None:
    done = judged(GOOD, gates=Gates(fail_under=["hit@3=0.5"]))
    assert [row["metric"] for row in done.results.to_pylist()] == ["recall", "hit"]
    assert done.verdicts[0].condition == "hit@3 is at least 0.5"


def test_a_base_of_the_same_name_is_told_apart() -> None:
    done = evaluate(BAD, truth=LOG, names=["run"], metrics=["recall@5"], gates=Gates(worse_than=BAD))
    assert [one.run for one in done.scores] == ["run", "run (base)"]
    assert done.verdicts[0].passed


def test_the_same_again_is_the_same() -> None:
    more = {"baselines": True, "by": ["kind", "popularity"], "seed": 5}
    assert judged(GOOD, BAD, **more).results.equals(judged(GOOD, BAD, **more).results)


def test_whoever_asks_for_no_intervals_gets_none() -> None:
    done = judged(GOOD, resamples=0)
    assert done.results["ci_low"].null_count == done.results.num_rows
    assert "intervals" not in done.facts
    assert done.differences == done.verdicts == ()


def test_a_reference_that_is_no_run() -> None:
    with pytest.raises(UsageError, match="unknown run 'goood'"):
        judged(GOOD, BAD, reference="goood")
    assert {one.other for one in judged(GOOD, BAD, reference="bad").differences} == {"bad"}


def test_lists_that_ignore_validation_are_met_with_baselines_that_do() -> None:
    """A list of everything in training's eyes: the validation row of each user is recommended."""
    validation = LOG.filter(pa.array([part == "validation" for part in LOG["split"].to_pylist()]))
    report = Report()
    done = judged(validation.select(["user_id", "item_id"]), baselines=True, report=report)
    assert "what a user had in training is left out" in done.facts["baselines"]
    assert any("validation rows, which it did not take for known" in line for line in report.warnings)


def test_baselines_are_what_train_cf_and_recommend_say() -> None:
    """The same lists as of the commands, fitted on the training rows alone."""
    users = sorted(set(LOG["user_id"].to_pylist()))
    models = [
        train_cf(LOG, model=name, items=the_items(), fit_on="train").read_all()
        for name in ("random", "popularity", "content-knn")
    ]
    truth = open_truth(LOG, items=the_items())
    for baseline, model in zip(baselines_of(truth, BaselineRules(), k=6), models, strict=True):
        theirs = recommend_users(model, users=users, rules=ServingRules(k=6)).read_all()
        ours = [
            truth.item_ids[int(item)].as_py()
            for block in baseline.blocks(truth, None)
            for items in block.items
            for item in items
        ]
        assert ours == theirs["item_id"].to_pylist(), baseline.name


def made(fit_on: str) -> pa.Table:
    """Popularity, as train-cf and recommend make it."""
    model = train_cf(LOG, model="popularity", fit_on=fit_on).read_all()
    return recommend_users(model, all_users=True).read_all()


def test_on_what_the_models_were_fitted_is_said_as_far_as_it_is_known() -> None:
    report = Report()
    facts = judged(made("known"), made("train"), GOOD, report=report).facts
    assert facts["fitted on"] == (
        "good: training and validation rows (200 interactions; validated on 40); "
        "bad: the training rows alone (160 interactions; validated on 40); other: not said"
    )
    assert any("part of a difference between them" in said for said in report.warnings)
    alone = Report()
    assert "fitted on" not in judged(GOOD, report=alone).facts
    judged(made("known"), GOOD, report=alone)
    assert not any("part of a difference" in said for said in alone.warnings)


def test_baselines_learn_from_what_the_runs_did() -> None:
    """Popularity as a run and as a baseline is the same list, whichever rows it was fitted on."""
    for fit_on, learned in (
        ("known", "training and validation rows, as a run says of itself;"),
        ("train", "training rows;"),
    ):
        done = judged(made(fit_on), baselines=True)
        mine, _, baseline, _ = (one.values["recall@5"] for one in done.scores)
        assert (mine == baseline).all()
        assert f"learned from the {learned}" in done.facts["baselines"]
    assert "learned from the training rows;" in judged(GOOD, baselines=True).facts["baselines"]


def test_without_validation_rows_there_is_nothing_to_tell_apart() -> None:
    log = LOG.filter(pa.array([word != "validation" for word in LOG["split"].to_pylist()]))
    known, train = (
        baselines_of(open_truth(log), BaselineRules(fit_on=fit_on), k=6)[1] for fit_on in ("known", "train")
    )
    assert (known.model.scores() == train.model.scores()).all()

"""The whole stage: from files of several tools to the table of results."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

import visrec_cli
from tests.stages.eval.cases import log, recs
from visrec_cli.errors import UsageError
from visrec_cli.stages.eval import evaluate

TRUTH = log(("u1", "a"), ("u1", "b"), ("u2", "c"))
RUN = [("u1", "x", 1, 0.9), ("u1", "a", 2, 0.8), ("u2", "c", 1, 0.7)]


def values(done: object) -> dict[tuple, float]:
    return {
        (row["run"], row["metric"], row["k"]): row["value"] for row in done.results.to_pylist() if row["slice"] == "all"
    }


def test_the_table_of_results() -> None:
    done = evaluate(recs(*RUN), truth=TRUTH, metrics=["recall", "mrr@2", "auc"], ks=[1, 2], names=["mine"])
    assert done.results.schema.names == ["run", "metric", "k", "slice", "value", "ci_low", "ci_high", "n"]
    found = values(done)
    assert found["mine", "recall", 1] == pytest.approx(0.5)
    assert found["mine", "recall", 2] == pytest.approx(0.75)
    assert found["mine", "mrr", 2] == pytest.approx(0.75)
    assert ("mine", "auc", None) in found
    assert set(done.results["n"].to_pylist()) == {2}


def test_the_same_recommendations_in_every_form(tmp_path: Path) -> None:
    """The same numbers from our table, a CSV, a TREC run, a list per user, and a column per place."""
    (tmp_path / "csv.csv").write_text("user,item,prediction\n" + "".join(f"{u},{i},{s}\n" for u, i, _, s in RUN))
    (tmp_path / "trec.run").write_text("".join(f"{u} Q0 {i} {r} {s} tag\n" for u, i, r, s in RUN))
    wide = [{"user": "u1", "items": ["x", "a"]}, {"user": "u2", "items": ["c"]}]
    (tmp_path / "wide.ndjson").write_text("\n".join(map(json.dumps, wide)))
    (tmp_path / "places.tsv").write_text("id\ttop_0\ttop_1\nu1\tx\ta\nu2\tc\t\n")
    files = [tmp_path / name for name in ("csv.csv", "trec.run", "wide.ndjson", "places.tsv")]
    found = values(evaluate(recs(*RUN), *files, truth=TRUTH, metrics=["ndcg@2", "map@2"]))
    for name in ("csv", "trec", "wide", "places"):
        for metric in ("ndcg", "map"):
            assert found[name, metric, 2] == found["run", metric, 2]


def test_runs_of_one_name_are_told_apart() -> None:
    done = evaluate(recs(*RUN), recs(*RUN), truth=TRUTH, metrics=["mrr"])
    assert [one.run for one in done.scores] == ["run-1", "run-2"]
    with pytest.raises(UsageError, match="2 different names"):
        evaluate(recs(*RUN), recs(*RUN), truth=TRUTH, names=["a", "a"])


def test_says_what_was_judged() -> None:
    table = pa.concat_tables([recs(*RUN), recs(("u9", "a", 1, 0.5))])
    train = log(("u1", "x"), ("u2", "a"))
    facts = evaluate(table, truth=TRUTH, train=train).facts
    assert facts["relevant"].startswith("every row of the truth: 3 for 2 users, median 1.5 (1 to 2)")
    assert facts["candidates"] == "4 items: the truth and what came before"
    assert facts["seen items"] == "recommended again by run 33.3% of its recommendations"
    assert facts["users without truth"] == "left out: run 1"
    assert facts["users without recommendations"] == "count as 0: none"


def test_nothing_to_judge() -> None:
    with pytest.raises(UsageError, match="no runs to evaluate"):
        evaluate(truth=TRUTH)


def test_is_in_the_api() -> None:
    assert visrec_cli.evaluate is evaluate

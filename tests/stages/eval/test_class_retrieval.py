"""Similar items judged by their classes: by hand, as other tools write them, and what cannot be judged."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import evaluate
from visrec_cli.stages.eval.class_retrieval import SimilarRun, add_classes, open_same_class
from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.user_scores import PerUserScores, score_run

ITEMS = pa.table({"item_id": ["a1", "a2", "a3", "b1", "b2", "both", "none", "alone"],
                  "kind": ["a", "a", "a", "b", "b", "a|b", None, "c"]})  # fmt: skip


def scored(lists: dict[str, list[str]], truth: Truth, *names: str, report: Report | None = None) -> PerUserScores:
    rows = [(query, item, at) for query, items in lists.items() for at, item in enumerate(items, 1)]
    query, item, rank = zip(*rows, strict=True)
    table = pa.table({"query_id": list(query), "item_id": list(item), "rank": pa.array(rank, pa.int32())})
    return score_run(SimilarRun(table, "run"), truth, wanted(names), report)


def test_relevant_is_what_shares_a_class() -> None:
    truth = open_same_class(ITEMS, "kind")
    assert truth.users.to_pylist() == ["a1", "a2", "a3", "b1", "b2", "both"]
    ids = truth.item_ids.to_pylist()
    shared = {query: {ids[i] for i in truth.relevant[row].indices} for row, query in enumerate(truth.users.to_pylist())}
    assert shared["a1"] == {"a2", "a3", "both"}
    assert shared["b1"] == {"b2", "both"}
    assert shared["both"] == {"a1", "a2", "a3", "b1", "b2"}
    assert set(truth.relevant.data) == {1}
    assert truth.relevant.shape == (6, 9)


def test_precision_and_map_by_hand() -> None:
    truth = open_same_class(ITEMS, "kind")
    scores = scored({"a1": ["b1", "a2", "both"], "b1": ["b2", "both"]}, truth, "precision@1", "map-all", "r-precision")
    first, fourth = truth.users.index("a1").as_py(), truth.users.index("b1").as_py()
    np.testing.assert_allclose(scores.values["precision@1"][[first, fourth]], [0, 1])
    np.testing.assert_allclose(scores.values["map-all"][[first, fourth]], [(1 / 2 + 2 / 3) / 3, 1])
    np.testing.assert_allclose(scores.values["r-precision"][[first, fourth]], [2 / 3, 1])
    assert scores.mean("precision@1") == pytest.approx(1 / 6)  # four queries without a list count as 0
    assert scores.notes.unserved == 4


def test_a_query_is_not_its_own_neighbour() -> None:
    truth = open_same_class(ITEMS, "kind")
    with_itself = scored({"a1": ["a1", "a2", "b1"], "b2": ["b2", "b1"]}, truth, "precision@1", "precision@2")
    without = scored({"a1": ["a2", "b1"], "b2": ["b1"]}, truth, "precision@1", "precision@2")
    for name, values in without.values.items():
        np.testing.assert_array_equal(with_itself.values[name], values)


def test_every_class_has_a_row() -> None:
    truth = open_same_class(ITEMS, "kind")
    scores = scored({"a1": ["a2"], "b1": ["a1"], "both": ["b1"]}, truth, "precision@1", "map-r")
    report = Report()
    add_classes([scores], truth, "kind", report)
    assert "has 1 item, and up to 5 are relevant" in report.warnings[0]
    assert list(scores.slices) == ["kind: a", "kind: b"]
    assert scores.mean("precision@1", "kind: a") == pytest.approx(2 / 4)  # a1 and both, of a1, a2, a3, both
    assert scores.mean("precision@1", "kind: b") == pytest.approx(1 / 3)


def test_of_many_classes_the_largest_have_rows() -> None:
    kinds = [f"k{n:02}" for n in range(60) for _ in range(2 + n // 30)]
    ids = [f"i{n}" for n in range(len(kinds))]
    truth = open_same_class(pa.table({"item_id": ids, "kind": kinds}), "kind")
    report = Report()
    scores = scored({"i0": ["i1"]}, truth, "precision@1")
    add_classes([scores], truth, "kind", report)
    assert len(scores.slices) == 50
    assert {f"kind: k{n}" for n in range(30, 60)} <= set(scores.slices)
    assert "60 classes" in report.warnings[-1]


def test_what_cannot_be_judged() -> None:
    with pytest.raises(UsageError, match="no column 'sort'"):
        open_same_class(ITEMS, "sort")
    with pytest.raises(InputError, match="no two items share"):
        open_same_class(ITEMS.slice(5), "kind")


def test_classes_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.stages.eval.class_retrieval._PAIRS", 20)
    with pytest.raises(UsageError, match="25 pairs"):  # 4 × 4 of a, 3 × 3 of b
        open_same_class(ITEMS.filter(pa.array([True] * 6 + [False] * 2)), "kind")


def test_the_whole_stage() -> None:
    done = evaluate(
        pa.table({"query_id": ["a1", "a1", "b1"], "item_id": ["a2", "a3", "a1"], "rank": [1, 2, 1]}),
        items=ITEMS,
        class_column="kind",
        ks=[1],
        metrics=["precision"],
    )
    value = {row["slice"]: row["value"] for row in done.results.to_pylist()}
    assert (
        done.facts["relevant"]
        == "what shares a 'kind' with the query, the query itself aside: 18 for 6 queries, median 3 (2 to 5)"
    )
    assert value == {"all": pytest.approx(1 / 6), "kind: a": pytest.approx(1 / 4), "kind: b": 0}


def test_it_says_what_is_lacking() -> None:
    run = pa.table({"query_id": ["a1"], "item_id": ["a2"]})
    with pytest.raises(UsageError, match="no ground truth"):
        evaluate(run, items=ITEMS)
    with pytest.raises(UsageError, match="no ground truth"):
        evaluate(run, items=ITEMS, truth=ITEMS, class_column="kind")
    with pytest.raises(UsageError, match="a column of the items"):
        evaluate(run, class_column="kind")

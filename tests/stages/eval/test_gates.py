"""A gate that opens for what is no worse, and stays shut for what is."""

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import UsageError
from visrec_cli.stages.eval.gates import floors_of, judged_by_base, judged_by_floors, refusal_of
from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.user_scores import PerUserScores


def run_of(name: str, values: np.ndarray, *, coverage: float = 0.5) -> PerUserScores:
    ids = pa.array([str(u) for u in range(len(values))])
    return PerUserScores(name, ids, {"ndcg@10": values, "mae": 1 - values}, exposure={"coverage@10": coverage})


METRICS = wanted(["ndcg@10", "mae", "coverage@10"])


def test_a_floor() -> None:
    run = run_of("als", np.array([0.1, 0.3]))
    passed, failed = judged_by_floors([run], floors_of(["ndcg@10=0.2", "ndcg@10=0.21"]))
    assert (passed.passed, failed.passed) == (True, False)
    assert failed.condition == "ndcg@10 is at least 0.21"
    assert failed.sentence == "als: ndcg@10 is 0.2000, at least 0.21 is asked for"
    refusal = refusal_of([passed, failed])
    assert refusal is not None
    assert (refusal.exit_code, str(refusal)) == (1, failed.sentence)
    assert refusal_of([passed]) is None
    assert refusal_of([]) is None


def test_of_errors_the_floor_is_a_ceiling_and_nothing_does_not_pass() -> None:
    run = run_of("als", np.array([0.1, 0.3]))
    low, high, exposure = judged_by_floors([run], floors_of(["mae=0.7", " mae = 0.9", "coverage@10=0.5"]))
    assert [low.passed, high.passed, exposure.passed] == [False, True, True]
    assert low.condition == "mae is at most 0.7"
    (nothing,) = judged_by_floors([run_of("als", np.full(3, np.nan))], floors_of(["ndcg@10=-5"]))
    assert not nothing.passed
    assert "is undefined for every user" in nothing.sentence


@pytest.mark.parametrize("text", ["ndcg@10", "ndcg@10=", "ndcg@10=much", "ndcg@10=nan", "ndgc@10=0.2", "popularity=3"])
def test_what_is_no_floor(text: str) -> None:
    with pytest.raises(UsageError):
        floors_of([text])


def test_a_floor_of_a_metric_that_was_not_computed() -> None:
    with pytest.raises(UsageError, match="unknown metric of this evaluation 'ndcg@20'"):
        judged_by_floors([run_of("als", np.zeros(2))], floors_of(["ndcg@20=0.2"]))


def test_worse_is_what_the_test_calls_worse() -> None:
    rng = np.random.default_rng(3)
    base = rng.random(400)
    much, little = base - 0.05 - rng.random(400) / 20, base + rng.normal(-0.0005, 0.1, 400)
    verdicts = judged_by_base([run_of("much", much), run_of("little", little)], run_of("old", base), METRICS)
    assert [(one.run, one.passed) for one in verdicts] == [
        ("much", False), ("much", False), ("little", True), ("little", True),
    ]  # fmt: skip
    assert verdicts[0].condition == "ndcg@10 is not worse than old's"
    assert verdicts[0].sentence.startswith("old beats much by 0.07")
    better = judged_by_base([run_of("old", base)], run_of("much", much), METRICS)
    assert all(one.passed for one in better)


def test_strictly_every_loss_is_worse_and_coverage_counts_too() -> None:
    base = np.array([0.4, 0.2, 0.6])
    old, new = run_of("old", base), run_of("new", base - 0.0001, coverage=0.4)
    assert [one.passed for one in judged_by_base([new], old, METRICS, strict=True)] == [False, False, False]
    assert [one.passed for one in judged_by_base([old], old, METRICS, strict=True)] == [True, True, True]
    assert [one.passed for one in judged_by_base([old], new, METRICS, strict=True)] == [True, True, True]


def test_of_equals_few_fail() -> None:
    rng = np.random.default_rng(12)
    metrics = wanted(["ndcg@10"])
    failed = 0
    for _ in range(300):
        old, new = (run_of(name, (rng.random(60) < 0.3).astype(float)) for name in ("old", "new"))
        failed += refusal_of(judged_by_base([new], old, metrics)) is not None
    assert failed <= 18  # 2.5 % of 300 are 7.5: of 5 %, one side

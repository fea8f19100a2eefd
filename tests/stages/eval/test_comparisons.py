"""Differences that hold, and differences that do not."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from visrec_cli.errors import UsageError
from visrec_cli.metrics.significance import holm
from visrec_cli.stages.eval.comparisons import Difference, compare, pseudo_values, table_of
from visrec_cli.stages.eval.metric_spec import wanted
from visrec_cli.stages.eval.user_scores import PerUserScores

NDCG = wanted(["ndcg@10"])


def run_of(name: str, values: np.ndarray, metric: str = "ndcg@10") -> PerUserScores:
    return PerUserScores(name, pa.array([str(u) for u in range(len(values))]), {metric: values})


def test_holm_by_hand() -> None:
    """Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04; what is later is no smaller."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == pytest.approx([1, 1])
    assert holm([0.02, float("nan"), 0.04]) == pytest.approx([0.04, float("nan"), 0.04], nan_ok=True)
    assert holm([]).shape == (0,)


def test_a_difference_by_hand() -> None:
    """Differences .1 .3 .2 .2: mean .2, deviation .0816, t = 4.899 with 3 degrees of freedom."""
    a, b = run_of("new", np.array([0.2, 0.5, 0.4, 0.6])), run_of("old", np.array([0.1, 0.2, 0.2, 0.4]))
    (one,) = compare([b, a], NDCG)
    assert (one.run, one.other, one.n) == ("new", "old", 4)
    assert one.mean == pytest.approx(0.2)
    assert one.effect == pytest.approx(np.sqrt(6))
    assert one.p == one.p_holm == pytest.approx(0.016276, abs=1e-6)
    assert (one.low, one.high) == pytest.approx((0.2 - 3.18245 * 0.0408248, 0.2 + 3.18245 * 0.0408248), abs=1e-6)
    assert one.verdict == "better"
    (turned,) = compare([a, b], NDCG)
    assert (turned.mean, turned.effect, turned.verdict) == (-one.mean, -one.effect, "worse")
    assert turned.sentence == one.sentence
    assert one.sentence == "new beats old by 0.2000 ndcg@10 (0.0701 to 0.3299), p = 0.0163 after Holm, d_z 2.45, n 4"


def test_it_agrees_with_scipy_and_with_permutations() -> None:
    rng = np.random.default_rng(4)
    a = rng.random(80)
    b = a + rng.normal(0.04, 0.2, 80)
    (one,) = compare([run_of("a", a), run_of("b", b)], NDCG)
    assert one.p == pytest.approx(stats.ttest_rel(b, a).pvalue, rel=1e-9)
    permuted = stats.permutation_test((b - a,), np.mean, permutation_type="samples", n_resamples=9999, rng=1).pvalue
    assert one.p == pytest.approx(permuted, abs=0.02)


def test_without_a_difference_all_p_are_equally_likely() -> None:
    """Hits and misses of 100 users under two runs that are equally good: 400 times."""
    rng = np.random.default_rng(8)
    draws = [[run_of(name, (rng.random(100) < 0.3).astype(float)) for name in "ab"] for _ in range(400)]
    ps = [compare(pair, NDCG)[0].p for pair in draws]
    assert 0.03 <= np.mean(np.array(ps) < 0.05) <= 0.075
    assert stats.kstest(ps, "uniform").pvalue > 0.001


def test_up_to_five_runs_all_pairs_and_of_more_those_with_the_reference() -> None:
    rng = np.random.default_rng(1)
    runs = [run_of(name, rng.random(9)) for name in "abcdef"]
    assert [(one.run, one.other) for one in compare(runs[:3], NDCG)] == [("b", "a"), ("c", "a"), ("b", "c")]
    assert [(one.run, one.other) for one in compare(runs[:3], NDCG, reference="b")] == [
        ("a", "b"), ("a", "c"), ("c", "b"),
    ]  # fmt: skip
    assert [one.other for one in compare(runs, NDCG)] == ["a"] * 5
    assert compare(runs[:1], NDCG) == compare([], NDCG) == ()
    with pytest.raises(UsageError, match="unknown run 'als'"):
        compare(runs, NDCG, reference="als")


def test_many_comparisons_make_each_harder() -> None:
    rng = np.random.default_rng(6)
    base = rng.random(200)
    near = base + rng.normal(0.01, 0.06, 200)
    alone = compare([run_of("a", base), run_of("b", near)], NDCG)[0]
    runs = [run_of("a", base), run_of("b", near), run_of("c", rng.random(200)), run_of("d", rng.random(200))]
    among = next(one for one in compare(runs, NDCG) if (one.run, one.other) == ("b", "a"))
    assert among.p == alone.p
    assert among.p_holm > alone.p_holm


def test_less_is_better_where_it_is_and_neither_where_neither_is() -> None:
    rng = np.random.default_rng(0)
    errors, ratings = rng.exponential(1, 300), rng.integers(1, 5, 300).astype(float)
    good, bad = (
        PerUserScores(
            name,
            pa.array([str(u) for u in range(300)]),
            {"rmse": np.sqrt(off / ratings)},
            pooled={"all": {"rmse": (off, ratings)}},
        )
        for name, off in (("good", errors), ("bad", errors * 1.5))
    )
    (one,) = compare([bad, good], wanted(["rmse"]))
    assert one.verdict == "better"
    assert one.mean == pytest.approx(good.mean("rmse") - bad.mean("rmse"), abs=0.002)
    assert one.low < good.mean("rmse") - bad.mean("rmse") < one.high < 0
    assert one.sentence.startswith("good beats bad by 0.")
    values = rng.random(50)
    (neither,) = compare(
        [run_of("a", values, "popularity@5"), run_of("b", values + rng.random(50), "popularity@5")],
        wanted(["popularity@5"]),
    )
    assert neither.verdict == "more"
    assert neither.sentence.startswith("b has more than a by")


def test_pseudo_values_of_a_mean_are_the_values() -> None:
    values = np.array([0.1, 0.7, 0.3])
    assert pseudo_values(values, np.ones(3), lambda mean: mean) == pytest.approx(values)


def test_only_users_with_a_value_under_both_are_compared() -> None:
    a = np.array([0.1, 0.4, np.nan, 0.3])
    b = np.array([0.3, np.nan, 0.9, 0.4])
    (one,) = compare([run_of("a", a), run_of("b", b)], NDCG)
    assert (one.n, one.mean) == (2, pytest.approx(0.15))


def test_equal_runs_and_too_few_users() -> None:
    values = np.array([0.5, 0.25, 1.0])
    (same,) = compare([run_of("a", values), run_of("b", values)], NDCG)
    assert (same.p, same.effect, same.verdict) == (1, 0, "unclear")
    assert same.sentence == "b and a have the same ndcg@10 for every user"
    (few,) = compare([run_of("a", values[:1]), run_of("b", values[:1])], NDCG)
    assert few.verdict == "unclear"
    assert "too few users" in few.sentence
    (shifted,) = compare([run_of("a", values), run_of("b", values + 1)], NDCG)
    assert (shifted.p, shifted.verdict) == (0, "better")
    rows = table_of([same, few, shifted]).to_pylist()
    assert [row["p"] for row in rows] == [1, None, 0]
    assert rows[2]["effect"] is None


def test_the_table_tells_what_cannot_be_told_apart() -> None:
    one = Difference(NDCG[0], "b", "a", 0.001, -0.002, 0.004, 0.4, 0.03, 943, 0.8)
    (row,) = table_of([one]).to_pylist()
    assert (row["metric"], row["k"], row["verdict"]) == ("ndcg", 10, "unclear")
    assert row["sentence"] == (
        "b and a cannot be told apart by ndcg@10: the difference is +0.0010 (-0.0020 to +0.0040), "
        "p = 0.80 after Holm, d_z 0.03, n 943"
    )

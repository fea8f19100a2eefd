"""Intervals that hold what they promise."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from visrec_cli.stages.eval.uncertainty import bootstrap, intervals_of
from visrec_cli.stages.eval.user_scores import PerUserScores


def of_values(values: np.ndarray, **options: float) -> tuple[float, float]:
    there = ~np.isnan(values)
    ends = bootstrap(np.where(there, values, 0)[:, None], there.astype(float)[:, None], **options)  # type: ignore[arg-type]
    return float(ends[0][0]), float(ends[1][0])


def test_it_is_the_interval_of_scipy() -> None:
    values = np.random.default_rng(5).exponential(1, 60)
    peer = stats.bootstrap((values,), np.mean, method="BCa", n_resamples=9999, rng=1).confidence_interval
    assert of_values(values, resamples=9999) == pytest.approx((peer.low, peer.high), abs=0.02)


@pytest.mark.parametrize("draw", ["uniform", "hits", "skewed"])
def test_95_of_100_intervals_hold_the_truth(draw: str) -> None:
    """Of 300 samples: 95 % ± 2.5 of standard error 1.3, and a little less for skewed ones, as is known."""
    rng = np.random.default_rng(11)
    of = {
        "uniform": (lambda: rng.random(120), 0.5),
        "hits": (lambda: (rng.random(120) < 0.2).astype(float), 0.2),
        "skewed": (lambda: rng.exponential(0.3, 120), 0.3),
    }
    sample, mean = of[draw]
    ends = bootstrap(np.stack([sample() for _ in range(300)], axis=1), np.ones((120, 300)), resamples=600)
    held = ((ends[0] <= mean) & (mean <= ends[1])).mean()
    assert 0.91 <= held <= 0.985


def test_only_users_with_a_value_count() -> None:
    values = np.array([0.1, 0.4, 0.2, 0.7, 0.5, 0.3, 0.9, 0.2])
    padded = np.concatenate([values, np.full(400, np.nan)])
    low, high = of_values(padded, resamples=4000)
    peer = of_values(values, resamples=4000)
    assert (low, high) == pytest.approx(peer, abs=0.03)


def test_a_wide_interval_for_few_users_a_narrow_one_for_many() -> None:
    rng = np.random.default_rng(2)
    (a, b), (c, d) = (of_values(rng.random(n)) for n in (40, 4000))
    assert (b - a) / (d - c) == pytest.approx(10, rel=0.25)


def test_without_spread_the_interval_is_a_point_and_without_users_there_is_none() -> None:
    assert of_values(np.full(7, 0.1)) == pytest.approx((0.1, 0.1), abs=1e-15)
    assert of_values(np.zeros(7)) == (0, 0)
    assert np.isnan(of_values(np.array([0.3, np.nan]))).all()
    assert np.isnan(of_values(np.array([np.nan, np.nan]))).all()


def test_blocks_of_counts_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(50)
    whole = of_values(values)
    monkeypatch.setattr("visrec_cli.stages.eval.uncertainty._CELLS", 333)
    assert of_values(values) == pytest.approx(whole, rel=1e-12)
    assert of_values(values, seed=1) != whole


def test_all_slices_and_pooled_metrics_have_their_own() -> None:
    rng = np.random.default_rng(3)
    errors, ratings = rng.exponential(2, 200), rng.integers(1, 9, 200).astype(float)
    scores = PerUserScores(
        "run",
        pa.array([str(u) for u in range(200)]),
        {"ndcg@10": rng.random(200), "rmse": np.sqrt(errors / ratings)},
        exposure={"coverage@10": 0.3},
        pooled={"all": {"rmse": (errors, ratings)}},
    )
    few = np.arange(200) < 50
    scores.add_users("users: few", few)
    (found, again) = intervals_of([scores, scores])
    assert found == again
    assert set(found) == {(slice, name) for slice in ("all", "users: few") for name in ("ndcg@10", "rmse")}
    assert scores.mean("rmse", "users: few") == pytest.approx(np.sqrt(errors[few].sum() / ratings[few].sum()))
    for (slice, name), (low, high) in found.items():
        assert low < scores.mean(name, slice) < high
    squared = bootstrap(errors[:, None], ratings[:, None])
    assert found["all", "rmse"] == pytest.approx((np.sqrt(squared[0][0]), np.sqrt(squared[1][0])), rel=1e-9)


def test_nothing_to_draw() -> None:
    assert intervals_of([]) == []
    assert intervals_of([PerUserScores("r", pa.array(["u"]), exposure={"coverage@10": 0.5})]) == [{}]

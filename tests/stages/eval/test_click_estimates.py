"""Click rates from logs: by hand, and in a simulated window whose truth is known."""

import numpy as np
import pyarrow as pa
import pytest

from tests.stages.eval.simulated_clicks import LOOK, Window, window
from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.eval_measures import Policy
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import evaluate
from visrec_cli.stages.eval.click_estimates import click_through
from visrec_cli.stages.eval.click_log import open_log
from visrec_cli.stages.eval.runs import Run


def recs(**lists: str) -> Run:
    rows = [(user, item) for user, items in lists.items() for item in items.split()]
    return Run(pa.table({"user_id": [row[0] for row in rows], "item_id": [row[1] for row in rows]}), "new")


def log_of(*rows: tuple[object, ...], columns: str = "user_id item_id clicked propensity position") -> pa.Table:
    return pa.table(dict(zip(columns.split(), map(list, zip(*rows, strict=True)), strict=False)))


def values(rows: list[dict[str, object]]) -> dict[str, float]:
    return {
        str(row["metric"]).removeprefix("ctr-"): float(str(row["value"])) for row in rows if row["value"] is not None
    }


HAND = (("u", "a", 1, 0.5), ("u", "b", 0, 0.25), ("u", "c", 1, 0.25), ("v", "a", 0, 0.5), ("v", "b", 1, 0.25))


def test_by_hand_without_places() -> None:
    found = values(click_through(recs(u="a b", v="b x"), open_log(log_of(*HAND)), ks=[2]))
    # Two places: w = 1 / (2 propensity). u: a 1 (clicked), b 2, c is not listed; v: b 2 (clicked), a is not listed.
    assert found["logged"] == pytest.approx(3 / 5)
    assert found["ips"] == pytest.approx((1 + 2) / 5)
    assert found["snips"] == pytest.approx((1 + 2) / (1 + 2 + 2))
    assert found["ess"] == pytest.approx((1 + 2 + 2) ** 2 / (1 + 4 + 4))


def test_a_shorter_list_and_a_smaller_k() -> None:
    log = open_log(log_of(*HAND))
    assert values(click_through(recs(u="a b", v="b x"), log, ks=[1]))["ips"] == pytest.approx((2 + 4) / 5)
    short = values(click_through(recs(u="a", v="b x"), log, ks=[2]))
    assert short["ips"] == pytest.approx((2 + 2) / 5)  # u has one place only, always filled by a


def test_the_same_place_by_hand() -> None:
    log = open_log(log_of(("u", "a", 1, 0.5, 1), ("u", "b", 1, 0.25, 1), ("u", "b", 1, 0.2, 2), ("v", "b", 0, 0.5, 1)))
    found = values(click_through(recs(u="a b", v="b a"), log, policy=Policy(same_place=True)))
    assert found["ips"] == pytest.approx((1 / 0.5 + 1 / 0.2) / 4)
    assert found["snips"] == pytest.approx((1 / 0.5 + 1 / 0.2) / (1 / 0.5 + 1 / 0.2 + 1 / 0.5))


def test_the_model_of_an_event_is_of_other_users() -> None:
    """Each user clicks nothing but an item of their own: what others did says that nobody clicks it."""
    rows = [(f"u{n}", f"i{n}", 1, 0.5) for n in range(20)] + [(f"u{n}", "none", 0, 0.5) for n in range(20)]
    log = open_log(log_of(*rows))
    rates = log.rates()
    for n in range(20):
        item = log.items.index(f"i{n}").as_py()
        user = log.users.index(f"u{n}").as_py()
        others = rates[log.fold[user], -1]  # of an item that nobody was shown
        assert rates[log.fold[user], item] == pytest.approx(others)
        assert rates[(log.fold[user] + 1) % 5, item] > others


def test_clipping_is_said() -> None:
    report = Report()
    log = open_log(log_of(*HAND))
    found = values(click_through(recs(u="a b", v="b x"), log, ks=[2], policy=Policy(clip=1.5), report=report))
    assert found["ips"] == pytest.approx((1 + 1.5) / 5)
    assert any("2 weights of events clipped to 1.5 (20.0% of all weight)" in said for said in report.warnings)


def test_too_little_is_said_and_so_are_missing_users_and_items() -> None:
    report = Report()
    click_through(recs(u="a x y z"), open_log(log_of(*HAND)), ks=[4], report=report)
    said = "\n".join(report.warnings)
    assert (
        "too little data at 4 places: 33.33% of the events of the log are in its lists, an effective sample of 1 event"
        in said
    )
    assert "75% of its recommendations are of items that the log never shows" in said
    assert "without recommendations for 1 user of the log: left out" in said


def test_propensities_that_are_missing_are_counted() -> None:
    report = Report()
    rows = [("u", "a", 1, 1), ("u", "a", 1, 1), ("u", "b", 1, 1), ("u", "b", 1, 2)]
    log = open_log(log_of(*rows, columns="user_id item_id clicked position"), report=report)
    np.testing.assert_allclose(log.propensity, [2 / 3, 2 / 3, 1 / 3, 1])
    assert "has no propensities: they are taken to be how often each item is in each place" in report.warnings[0]


def test_places_that_nothing_tells_apart() -> None:
    report = Report()
    log = open_log(log_of(("u", "a", 1, 0.5, 1), ("u", "b", 0, 0.5, 2)), report=report)
    np.testing.assert_array_equal(log.look, [1, 1])
    assert "no item was shown in two places" in report.warnings[0]


def test_places_beyond_those_of_the_log() -> None:
    report = Report()
    rows = click_through(
        recs(u="a b c"), open_log(log_of(("u", "a", 1, 0.5, 1), ("u", "a", 0, 0.5, 2))), ks=[1, 5, 10], report=report
    )
    assert {row["k"] for row in rows} == {1, 2}
    assert "the log has 2 places" in "\n".join(report.warnings)


def test_what_cannot_be_weighed() -> None:
    log = open_log(log_of(*HAND))
    with pytest.raises(UsageError, match="needs the positions"):
        click_through(recs(u="a"), log, policy=Policy(same_place=True))
    with pytest.raises(InputError, match="none of the 1 user of new is in the log"):
        click_through(recs(stranger="a"), log)


@pytest.fixture(scope="module")
def shop() -> Window:
    return window()


def replicates(shop: Window, policy: Policy | None = None, times: int = 40) -> list[list[dict[str, object]]]:
    """The estimates from different logs of the same window."""
    lists = shop.table(shop.best())
    return [
        click_through(Run(lists, "best"), open_log(shop.log(20, seed)), policy=policy, resamples=200)
        for seed in range(times)
    ]


def test_looks_are_found(shop: Window) -> None:
    np.testing.assert_allclose(open_log(shop.log(200, 0)).look, LOOK, atol=0.03)


@pytest.mark.parametrize("policy", [Policy(), Policy(same_place=True)], ids=["any place", "same place"])
def test_the_truth_is_found_and_covered(shop: Window, policy: Policy) -> None:
    truth = shop.truth(shop.best())
    made = replicates(shop, policy)
    found = {name: np.array([values(rows)[name] for rows in made]) for name in ("logged", "ips", "snips", "dr")}
    assert found["logged"].mean() < 0.75 * truth  # the new lists are much better, and the log cannot say so itself
    for name in ("ips", "snips", "dr"):
        error = found[name].std(ddof=1) / np.sqrt(len(made))
        assert abs(found[name].mean() - truth) < 3 * error + 0.002, name
        ends = [(row["ci_low"], row["ci_high"]) for rows in made for row in rows if row["metric"] == f"ctr-{name}"]
        covered = np.mean([float(str(low)) <= truth <= float(str(high)) for low, high in ends])
        assert covered >= 0.85, name
    assert found["dr"].std() < found["ips"].std()


def test_matches_in_any_place_are_worth_more_events(shop: Window) -> None:
    any_place, same = (
        np.mean([values(rows)["ess"] for rows in replicates(shop, policy, 5)])
        for policy in (Policy(), Policy(same_place=True))
    )
    assert any_place > 1.5 * same


def test_a_log_that_never_chose_by_user_needs_no_propensities(shop: Window) -> None:
    lists, log = shop.table(shop.best()), shop.log(100, 1)
    with_them, without = (
        values(click_through(Run(lists, "best"), open_log(table), resamples=50))["ips"]
        for table in (log, log.drop_columns(["propensity"]))
    )
    assert without == pytest.approx(with_them, rel=0.05)


def test_without_intervals(shop: Window) -> None:
    rows = click_through(Run(shop.table(shop.best()), "best"), open_log(shop.log(2, 0)), resamples=0)
    assert {(row["ci_low"], row["ci_high"]) for row in rows} == {(None, None)}
    assert all(row["value"] is not None for row in rows)


def test_same_log_same_numbers(shop: Window) -> None:
    lists, log = shop.table(shop.best()), shop.log(10, 2)
    once, twice = (click_through(Run(lists, "best"), open_log(log), resamples=50) for _ in range(2))
    assert once == twice


def test_the_whole_stage_beside_a_truth_and_alone(shop: Window) -> None:
    lists, log = shop.table(shop.best()), shop.log(10, 3)
    truth = lists.slice(0, 1).select(["user_id", "item_id"])
    both = evaluate(lists, truth=truth, logged=log, metrics=["hit"], ks=[2], names=["best"])
    alone = evaluate(lists, logged=log, ks=[2], names=["best"])
    names = ["ctr-logged", "ctr-ips", "ctr-snips", "ctr-dr", "ctr-ess"]
    assert both.results["metric"].to_pylist() == ["hit", *names]
    assert alone.results.to_pylist() == both.results.to_pylist()[1:]
    assert alone.results["n"].to_pylist() == [200] * 5
    assert alone.facts["click rates"].startswith("from 2,000 events of 200 users, 3 places; an event counts wherever")


def test_a_log_of_clicks_alone_has_no_other_metrics(shop: Window) -> None:
    with pytest.raises(UsageError, match="need a truth"):
        evaluate(shop.table(shop.best()), logged=shop.log(1, 0), metrics=["ndcg@10"])

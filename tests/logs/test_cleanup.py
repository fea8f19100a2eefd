"""Cleaning by hand: every number here was worked out on paper."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.cleanup import clean
from visrec_cli.options.logs import Cleaning
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import has_ratings, open_interactions

DAY = 86_400_000


def log(rows: list[tuple], names: str = "user item weight timestamp", **more: list) -> pa.Table:
    """A log of rows; times are in days after an arbitrary one."""
    columns = dict(zip(names.split(), zip(*rows, strict=True), strict=True))
    if "timestamp" in columns:
        columns["timestamp"] = [1_600_000_000_000 + day * DAY for day in columns["timestamp"]]
    return open_interactions(pa.table({name: list(values) for name, values in {**columns, **more}.items()}))


def cleaned(table: pa.Table, **cleaning) -> tuple[list[tuple], Report]:
    report = Report()
    result = clean(table, Cleaning(**cleaning), report)
    return list(zip(*(result[name].to_pylist() for name in ("user_id", "item_id", "weight")), strict=True)), report


REPEATED = [("u", "b", 1.0, 0), ("u", "a", 5.0, 3), ("u", "a", 2.0, 9), ("u", "a", 3.0, 1)]


@pytest.mark.parametrize(("way", "weight"), [("sum", 10), ("count", 3), ("last", 2), ("max", 5)])
def test_repeats(way: str, weight: float) -> None:
    rows, report = cleaned(log(REPEATED), repeats=way)
    assert rows == [("u", "b", 1), ("u", "a", weight)]
    assert report.counts == {"repeats merged": 2}


@pytest.mark.parametrize("way", ["sum", "count", "last", "max"])
def test_a_merged_row_has_the_latest_time(way: str) -> None:
    table = log(REPEATED)
    result = clean(table, Cleaning(repeats=way), Report())
    assert result["timestamp"].to_pylist() == [table["timestamp"][0].as_py(), table["timestamp"][2].as_py()]


@pytest.mark.parametrize(("way", "note"), [("sum", "5"), ("count", "5"), ("last", "2"), ("max", "5")])
def test_other_columns_are_those_of_the_kept_row_or_the_first(way: str, note: str) -> None:
    result = clean(log(REPEATED, note=["b", "5", "2", "3"]), Cleaning(repeats=way), Report())
    assert result["note"].to_pylist() == ["b", note]


def test_of_ratings_the_last_counts_and_amounts_add_up() -> None:
    ratings = log(REPEATED, "user item rating timestamp")
    assert cleaned(ratings)[0][1] == ("u", "a", 2)
    assert cleaned(log(REPEATED))[0][1] == ("u", "a", 10)
    assert has_ratings(clean(ratings, Cleaning(), Report()))
    assert not has_ratings(clean(ratings, Cleaning(min_weight=2), Report()))
    assert not has_ratings(clean(ratings, Cleaning(repeats="sum"), Report()))


def test_without_times_the_last_row_is_the_last() -> None:
    rows = [(user, item, weight) for user, item, weight, _ in REPEATED]
    assert cleaned(log(rows, "user item rating"))[0][1] == ("u", "a", 3)


def test_a_test_row_is_never_merged_into_train() -> None:
    table = log(REPEATED, split=["train", "train", "train", "test"])
    assert cleaned(table)[0] == [("u", "b", 1), ("u", "a", 7), ("u", "a", 3)]


def test_likes_are_told_from_the_last_opinion() -> None:
    ratings = log([*REPEATED, ("v", "a", 4.0, 0)], "user item rating timestamp")
    rows, report = cleaned(ratings, min_weight=4)
    assert rows == [("v", "a", 1)]
    assert report.counts == {"repeats merged": 2, "interactions below 4 left out": 2}


EVENTS = [("u", "a", "view"), ("u", "a", "buy"), ("u", "b", "cart"), ("u", "c", "view"), ("v", "c", "return")]


def test_events_weigh_what_is_said() -> None:
    rows, report = cleaned(log(EVENTS, "user item event"), events={"view": 1, "buy": 5, "gift": 2})
    assert rows == [("u", "a", 6), ("u", "c", 1)]
    assert report.counts == {
        "rows of event 'cart' left out": 1, "rows of event 'return' left out": 1, "repeats merged": 1,
    }  # fmt: skip
    assert report.warnings == ["no row has the event gift"]


def test_an_event_multiplies_the_weight_of_its_row() -> None:
    table = log([("u", "a", "buy", 3.0), ("u", "b", "view", 3.0)], "user item event quantity")
    assert cleaned(table, events={"buy": 5, "view": 0})[0] == [("u", "a", 15)]


def test_events_that_nobody_weighs_count_alike() -> None:
    rows, _ = cleaned(log(EVENTS, "user item event"))
    assert rows[0] == ("u", "a", 2)


def test_weights_fade_by_half_in_a_half_life() -> None:
    rows, _ = cleaned(log([("u", "a", 8.0, 0), ("u", "b", 8.0, 10), ("u", "a", 1.0, 20)]), half_life=10)
    assert rows == [("u", "a", 3), ("u", "b", 4)]  # 8/4 + 1, 8/2


def test_likes_fade_from_their_latest_time() -> None:
    table = log([("u", "a", 3.0, 0), ("u", "a", 3.0, 10), ("v", "b", 6.0, 20)])
    assert cleaned(table, half_life=10, min_weight=6)[0] == [("u", "a", 0.5), ("v", "b", 1)]
    assert cleaned(table, half_life=10, repeats="count")[0] == [("u", "a", 0.75), ("v", "b", 1)]


def test_what_has_faded_to_nothing_is_left_out() -> None:
    rows, report = cleaned(log([("u", "a", 1.0, 0), ("u", "b", 1.0, 900)]), half_life=1)
    assert rows == [("u", "b", 1)]
    assert report.counts["interactions faded to nothing left out"] == 1


def test_a_core_is_peeled_until_it_is_stable() -> None:
    square = [("u", "a", 1.0), ("u", "b", 1.0), ("v", "a", 1.0), ("v", "b", 1.0)]
    tail = [("v", "c", 1.0), ("w", "c", 1.0)]  # c has two users until w goes
    rows, report = cleaned(log([*tail, *square], "user item weight"), k_core=2)
    assert rows == square
    assert report.counts == {"interactions outside of the 2-core left out": 2}


@given(st.lists(st.tuples(st.sampled_from("uvwxy"), st.sampled_from("abcd")), min_size=1), st.integers(1, 4))
def test_in_a_core_all_have_enough_partners(pairs: list[tuple[str, str]], k: int) -> None:
    try:
        rows, _ = cleaned(log(pairs, "user item"), k_core=k)
    except InputError:
        return
    for side in (0, 1):
        names = [row[side] for row in rows]
        assert min(names.count(name) for name in names) >= k


@given(st.permutations(REPEATED), st.sampled_from(["sum", "count", "last", "max"]))
def test_the_order_of_rows_does_not_matter(rows: list[tuple], way: str) -> None:
    assert sorted(cleaned(log(rows), repeats=way)[0]) == sorted(cleaned(log(REPEATED), repeats=way)[0])


@pytest.mark.parametrize(
    ("cleaning", "kind", "said"),
    [
        ({"min_weight": 9}, InputError, "no weight reaches 9: the largest is 8"),
        ({"k_core": 2}, InputError, "nothing is left of 2 interactions when users and items have 2 partners"),
        ({"events": {"buy": 1}}, UsageError, "no column of events"),
        ({"half_life": 3}, UsageError, "needs a log with times"),
        ({"half_life": 0}, UsageError, "positive number of days"),
        ({"repeats": "lsat"}, UsageError, "unknown way to merge repeats 'lsat'"),
        ({"events": {"buy": -1}}, UsageError, "weight of event 'buy'"),
        ({"events": {"buy": float("nan")}}, UsageError, "weight of event 'buy'"),
    ],
)
def test_what_cannot_be_done_is_said(cleaning: dict, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        cleaned(log([("u", "a", 5.0), ("u", "a", 3.0), ("v", "b", 2.0)], "user item weight"), **cleaning)


def test_events_that_do_not_occur_are_refused() -> None:
    with pytest.raises(InputError, match="no row has one of the events purchase: the log has view, buy"):
        cleaned(log(EVENTS, "user item event"), events={"purchase": 5})

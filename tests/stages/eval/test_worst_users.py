"""Whom a run serves worst, and what a report of them shows; the table of all users."""

import pyarrow as pa
from PIL import Image

from tests.stages.eval.cases import log, recs
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import evaluate
from visrec_cli.stages.eval.per_user import per_user
from visrec_cli.stages.eval.report_model import page_of, report_of
from visrec_cli.stages.eval.worst_users import worst_served

TRUTH = log(("u1", "a"), ("u2", "b"), ("u3", "c"), ("u3", "d"), ("u4", "a"))
LISTS = recs(
    ("u1", "a", 1, 0.9), ("u1", "b", 2, 0.8),
    ("u2", "a", 1, 0.9), ("u2", "b", 2, 0.8),
    ("u3", "a", 1, 0.9), ("u3", "stranger", 2, 0.8),
)  # fmt: skip


def judged(lists: pa.Table = LISTS, **more):
    return evaluate(lists, truth=TRUTH, metrics=["ndcg@2"], names=["mine"], **more)


def worst(done, report: Report | None = None, **more):
    return worst_served(done.scores[0], done.runs[0], done.truth, "ndcg@2", report or Report(), **more)


def test_the_lowest_come_first_and_among_equals_those_with_the_most_to_find() -> None:
    assert [user.user for user in worst(judged())] == ["u3", "u4", "u2", "u1"]


def test_what_was_found_is_marked_in_both_rows_and_stands_first() -> None:
    truth = log(*[("u1", f"i{n:02}") for n in range(14)])
    lists = recs(("u1", "i13", 1, 0.9), ("u1", "x", 2, 0.8))
    done = evaluate(lists, truth=truth, items=pa.table({"item_id": ["x"]}), metrics=["ndcg@2"], names=["mine"])
    (user,) = worst(done)
    assert [(tile.title, tile.hit) for tile in user.liked][:3] == [("i13", True), ("i00", False), ("i01", False)]
    assert [(tile.title, tile.hit) for tile in user.got] == [("i13", True), ("x", False)]
    assert len(user.liked) == 10
    assert user.note == "and 4 more to find"


def test_unknown_items_and_empty_lists_are_shown_as_such() -> None:
    u3, u4, *_ = worst(judged())
    assert [tile.title for tile in u3.got] == ["a", "an item that nobody knows"]
    assert u4.got == ()


def test_titles_and_pictures_are_those_of_the_items(tmp_path) -> None:
    Image.new("RGB", (30, 40)).save(tmp_path / "a.png")
    items = pa.table({
        "item_id": ["c", "a", "d"], "title": ["cap", "apron", "dress"], "image_path": [None, "a.png", "gone.png"],
    })  # fmt: skip
    report = Report()
    (u3, *_) = worst(judged(items=items), report, folder=tmp_path)
    assert [tile.title for tile in u3.liked] == ["cap", "dress"]
    assert [tile.thumbnail for tile in u3.liked] == [None, None]
    assert (u3.got[0].title, u3.got[0].thumbnail.width) == ("apron", 30)
    assert [reject.path for reject in report.rejects] == ["gone.png"]


def test_scattered_rows_are_gathered_once_more() -> None:
    scattered = LISTS.take([0, 2, 4, 1, 3, 5])
    assert worst(judged(scattered)) == worst(judged())


def test_of_an_error_the_largest_is_the_worst() -> None:
    truth = log(("u1", "a", 5), ("u2", "a", 3))
    done = evaluate(recs(("u1", "a", 1, 4.5), ("u2", "a", 1, 1.0)), truth=truth, metrics=["rmse"], names=["mine"])
    users = worst_served(done.scores[0], done.runs[0], done.truth, "rmse", Report())
    assert [(user.user, user.value) for user in users] == [("u2", "2.000"), ("u1", "0.500")]


def test_the_page_shows_the_best_run_at_its_worst() -> None:
    report = Report()
    done = evaluate(LISTS.slice(4), LISTS, truth=TRUTH, metrics=["ndcg@2"], names=["poor", "good"], report=report)
    page = page_of(done, report_of(done, report), report)
    assert "Lowest-scoring users of good" in page
    assert "count as 0" in page


def test_a_page_without_metrics_of_users_has_no_users() -> None:
    report = Report()
    done = evaluate(LISTS, truth=TRUTH, metrics=["coverage@2"], names=["mine"], report=report)
    assert "Lowest-scoring" not in page_of(done, report_of(done, report), report)


def test_the_table_of_users_has_a_row_per_run_and_user_and_gaps_where_nothing_is_meant() -> None:
    truth = log(("u1", "a", 5), ("u2", "b", 3))
    lists = recs(("u1", "a", 1, 4.5), ("u2", "a", 1, 1.0))
    done = evaluate(lists, truth=truth, metrics=["hit@1", "rmse"], names=["mine"])
    table = per_user(done.scores).read_all()
    assert table.to_pylist() == [
        {"run": "mine", "user_id": "u1", "hit@1": 1.0, "rmse": 0.5},
        {"run": "mine", "user_id": "u2", "hit@1": 0.0, "rmse": None},
    ]


def test_told_says_which_way_is_better() -> None:
    done = judged()
    assert report_of(done, Report()).better == {"ndcg": "more"}
    assert dict(report_of(done, Report()).facts)["users without recommendations"].endswith("mine 1")

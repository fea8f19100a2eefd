"""Sessions of people without a name, and the order of clicks."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.recommenders.sequential.sequence_suite import walks
from tests.stages.recommend.users.models import factor_model, group_of, knn_model, table_of
from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.recommenders.sequential.gru import Gru
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.stages.recommend.users.follow import follow
from visrec_cli.stages.recommend.users.sessions import in_order

ALS, KNN = table_of(factor_model()), table_of(knn_model())
UPWARDS = {"embedding_size": 16, "hidden_size": 24, "epochs": 30, "batch_size": 32, "learning_rate": 0.01}


@cache
def ring() -> pa.Table:
    """A model that has learned that item n + 1 follows item n."""
    return to_table(Gru(seed=3, device="cpu", **UPWARDS).fit(walks()[0]))


def ask(*models: Any, k: int = 4, **asked: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = recommend_users(*models, rules=Rules(k=k), **asked).read_all().to_pydict()
    return found


@pytest.mark.parametrize("models", [(ALS,), (KNN,), (ALS, KNN)])
def test_a_session_is_answered_by_every_model_as_a_new_user_is(models: Any) -> None:
    found = ask(*models, sessions=[["i13", "i14"], ["i25", "i26"]])
    assert found["user_id"] == ["session 1"] * 4 + ["session 2"] * 4
    assert [group_of(item) for item in found["item_id"]] == [1] * 4 + [2] * 4
    assert not {"i13", "i14"} & set(found["item_id"][:4])
    history = pa.table({"user_id": ["new"] * 2, "item_id": ["i13", "i14"]})
    as_user = ask(*models, users=["new"], newer=Newer(history=history))
    assert found["item_id"][:4] == as_user["item_id"]


def test_the_order_of_a_session_tells_what_comes_next() -> None:
    found = ask(ring(), k=1, sessions=[["i3", "i4", "i5"], ["i22", "i23"]])
    assert found["item_id"] == ["i6", "i0"]
    turned = ask(ring(), k=1, sessions=[["i5", "i4", "i3"]])
    assert turned["item_id"] != ["i6"]


def test_an_item_seen_twice_stands_where_it_was_seen_last() -> None:
    columns, places = in_order([5, 3, 9, 5])
    assert (columns.tolist(), places.tolist()) == ([3, 5, 9], [1, 3, 2])
    assert in_order([])[0].tolist() == []
    assert ask(ring(), k=1, sessions=[["i5", "i3", "i4", "i5"]]) == ask(ring(), k=1, sessions=[["i3", "i4", "i5"]])


def test_sessions_of_a_file_and_of_a_log(tmp_path: Path) -> None:
    lines, log = tmp_path / "sessions.txt", tmp_path / "log.csv"
    lines.write_text("i3,i4,i5\n\ni22, i23\n")
    found = ask(ring(), k=1, listed_sessions=str(lines))
    assert (found["user_id"], found["item_id"]) == (["session 1", "session 2"], ["i6", "i0"])
    log.write_text(
        "session_id,item_id,timestamp\nb,i23,1700000009\nb,i22,1700000001\nu3,i3,1600000001\nu3,i4,1600000002\nu3,i5,1600000003\n"
    )
    found = ask(ring(), k=1, listed_sessions=str(log))
    assert (found["user_id"], found["item_id"]) == (["b", "u3"], ["i0", "i6"])  # not the model's own u3
    log.write_text("session_id,item_id\nb,i22\nb,i23\n")
    assert ask(ring(), k=1, listed_sessions=str(log))["item_id"] == ["i0"]


def test_items_nobody_knows_are_counted_and_a_session_of_them_is_a_strangers() -> None:
    report = Report()
    found = ask(ALS, sessions=[["i13", "gone"], ["gone"]], report=report)
    assert report.counts["items of sessions that als does not have"] == 2
    assert report.counts["users nobody knows, shown recent popularity"] == 1
    assert set(found["source"][4:]) == {"fallback: recent popularity"}
    assert found["item_id"][4:] == ask(ALS, users=["stranger"])["item_id"]


def test_why_of_a_session() -> None:
    found = ask(ring(), k=1, sessions=[["i3", "i4", "i5"]], explain=True, show_history=3)
    assert found["because_item_id"] == ["i5"]
    assert [step["item_id"] for step in found["history"][0]] == ["i5", "i4", "i3"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sessions": [[]]}, "has no items"),
        ({"sessions": "i1"}, "a list of items"),
        ({"sessions": ["i1"]}, "a list of items"),
        ({"sessions": [["i1"]], "users": ["u3"]}, "cannot be used with users"),
        ({"sessions": [["i1"]], "all_users": True}, "cannot be used with users"),
        ({"sessions": [["i1"]], "listed_sessions": "x.txt"}, "cannot be used together"),
    ],
)
def test_what_it_refuses(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ask(ALS, **asked)


def test_an_empty_file_of_sessions(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("\n,\n")
    with pytest.raises(InputError, match="has no sessions"):
        ask(ALS, listed_sessions=str(tmp_path / "none.txt"))


def test_a_co_process_goes_by_the_order_of_events() -> None:
    def first(*events: dict[str, Any]) -> str:
        *_, answer = follow(ring(), events=events, rules=Rules(k=1))
        return str(answer["items"][0]["item_id"])

    def clicks(*items: str) -> list[dict[str, Any]]:
        return [{"user_id": "new", "item_id": item, "answer": False} for item in items]

    assert first(*clicks("i3", "i4", "i5"), {"user_id": "new"}) == "i6"
    assert first({"items": ["i3", "i4", "i5"]}) == "i6"
    assert first(*clicks("i5", "i4", "i3"), {"user_id": "new"}) == first({"items": ["i5", "i4", "i3"]}) != "i6"


def test_newer_clicks_without_times_come_in_the_order_of_their_rows() -> None:
    report = Report()
    history = pa.table({"user_id": ["new"] * 3, "item_id": ["i3", "i4", "i5"]})
    assert ask(ring(), k=1, users=["new"], newer=Newer(history=history), report=report)["item_id"] == ["i6"]
    assert any("taken in their order" in warning for warning in report.warnings)
    turned = history.take(np.array([2, 1, 0]))
    assert ask(ring(), k=1, users=["new"], newer=Newer(history=turned))["item_id"] != ["i6"]

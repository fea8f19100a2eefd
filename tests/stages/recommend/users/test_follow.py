"""Events and answers, in one process."""

import io
import json
from typing import Any

import pyarrow as pa
import pytest

from tests.stages.recommend.users.models import factor_model, group_of, knn_model, log, table_of
from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.recommend_users import Newer, Rules
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users import recommend_users
from visrec_cli.stages.recommend.users.follow import LONGEST, follow, lines_of

ALS, KNN = table_of(factor_model()), table_of(knn_model())


def answers(*events: Any, models: Any = (ALS,), k: int = 4, **more: Any) -> list[dict[str, Any]]:
    return list(follow(*models, events=events, rules=Rules(k=k), **more))


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


@pytest.mark.parametrize("models", [(ALS,), (KNN,), (ALS, KNN)])
def test_a_question_is_answered_as_recommend_does(models: Any) -> None:
    (answer,) = answers({"user_id": "u3"}, models=models, columns=["title"])
    expected = recommend_users(*models, users=["u3"], rules=Rules(k=4), columns=["title"]).read_all().to_pylist()
    assert answer["user_id"] == "u3"
    assert answer["source"] == expected[0]["source"]
    assert answer["items"] == [{name: row[name] for name in ("item_id", "score", "title")} for row in expected]


@pytest.mark.parametrize("models", [(ALS,), (KNN,), (ALS, KNN)])
def test_clicks_count_from_the_next_answer_on_and_are_never_shown_again(models: Any) -> None:
    first, second, third = answers(
        {"user_id": "new", "item_id": "i13"}, {"user_id": "new", "item_id": "i14"}, {"user_id": "new"}, models=models
    )
    assert {group_of(item) for item in ids(first)} == {1}
    assert "i13" not in ids(first)
    assert not {"i13", "i14"} & set(ids(second))
    assert second == third


def test_the_same_as_folding_a_history_in() -> None:
    *_, answer = answers(
        *({"user_id": "u3", "item_id": f"i{i}", "weight": 2, "answer": False} for i in (20, 21, 20)), {"user_id": "u3"}
    )
    history = pa.table(
        {"user_id": ["u3"] * 3, "item_id": ["i20", "i21", "i20"], "weight": pa.array([2, 2, 2], pa.float32())}
    )
    expected = recommend_users(ALS, users=["u3"], rules=Rules(k=4), newer=Newer(history=history)).read_all()
    assert ids(answer) == expected["item_id"].to_pylist()


def test_recording_without_an_answer_and_users_apart() -> None:
    report = Report()
    found = answers(
        {"user_id": "a", "item_id": "i13", "answer": False},
        {"user_id": "b", "item_id": "i25"},
        {"user_id": "a"},
        report=report,
    )
    assert [answer["user_id"] for answer in found] == ["b", "a"]
    assert [{group_of(item) for item in ids(answer)} for answer in found] == [{2}, {1}]
    assert report.counts == {"clicks without an answer": 1, "answers": 2}


def test_a_session_without_a_name_is_forgotten() -> None:
    one, two = answers({"items": ["i13", "i14"], "k": 2}, {"items": ["i25"], "k": 3})
    assert "user_id" not in one
    assert ({group_of(item) for item in ids(one)}, len(ids(one))) == ({1}, 2)
    assert ({group_of(item) for item in ids(two)}, len(ids(two))) == ({2}, 3)


def test_strangers_are_shown_what_is_popular_or_an_error() -> None:
    (answer,) = answers({"user_id": "stranger"}, explain=True)
    assert answer["source"] == "fallback: recent popularity"
    assert answer["items"][0]["why"] == "recent popularity"
    (answer,) = answers({"user_id": "stranger"}, fallback=False)
    assert answer == {"error": "no model knows user 'stranger'", "line": 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"garbage", "the event: it is not JSON: syntax error at character 1"),
        (b"\xff\xfe{", "the event: it is not JSON: it is not UTF-8"),
        (b'{"user_id": "\xff"}', "the event: it is not JSON: it is not UTF-8, from byte 14 on"),
        (b'{"user_id": "a"', "the event: it is not JSON: unexpected end"),
        (b'{"user_id": "a"} x', "the event: it is not JSON: text after its end, at character 18"),
        (b'{"user_id": "\\x"}', "the event: it is not JSON: syntax error at character 14"),
        (b'{"user_id": "a", "user_id": "b"}', "the event: it is not JSON: a key stands twice in one object"),
        (
            b'{"user_id": "a", "weight": ' + b"1" * 5_000 + b"}",
            "the event: it is not JSON: a number has thousands",
        ),
        (b"[" * 100_000, "the event: it is not JSON: it goes down more than 64 levels"),
        (b"[1]", "an object"),
        (b"{}", "either a user_id, or items"),
        (b'{"user_id": "u3", "items": ["i1"]}', "either a user_id, or items"),
        (b'{"items": []}', "items are a list"),
        (b'{"items": "i1"}', "items are a list"),
        (b'{"items": [null]}', "null is not an id"),
        (b'{"user_id": 1.5}', "1.5 is not an id"),
        (b'{"user_id": true}', "true is not an id"),
        (b'{"user_id": "u3", "item_id": "i99"}', "no item 'i99'"),
        (b'{"user_id": "u3", "item_id": "i1", "weight": NaN}', "weight is a number"),
        (b'{"user_id": "u3", "item_id": "i1", "weight": -1}', "weight is a number"),
        (b'{"user_id": "u3", "item_id": "i1", "weight": "2"}', "weight is a number"),
        (b'{"user_id": "u3", "k": 0}', "k is a whole number"),
        (b'{"user_id": "u3", "answer": 1}', "answer is true or false"),
        (b'"' + b"x" * (LONGEST + 5) + b'"', "a line of more than"),
    ],
)
def test_what_is_no_event_is_answered_with_an_error_and_changes_nothing(line: bytes, said: str) -> None:
    before, error, after = answers({"user_id": "u3"}, line, {"user_id": "u3"})
    assert said in error["error"]
    assert error["line"] == 2
    assert before == after


def test_numbers_are_ids_too_and_blank_lines_are_nothing() -> None:
    found = answers(b"\n", '{"user_id": 42, "item_id": "i13"}', b"  ", {"user_id": "42"})
    assert [answer["user_id"] for answer in found] == ["42", "42"]
    assert found[0] == found[1]


def test_clicks_are_cleaned_as_the_model_was() -> None:
    model = table_of(factor_model().with_facts(cleaning={"min_weight": 4.0}))
    low, high = (
        answers({"user_id": "new", "item_id": "i13", "weight": weight}, models=(model,))[0] for weight in (3, 5)
    )
    assert low["source"].startswith("fallback")
    assert "i13" not in ids(low)
    assert {group_of(item) for item in ids(high)} == {1}


def test_rules_hold_and_seen_items_stay_out() -> None:
    rules = Rules(k=48, where="price < 20")
    (answer,) = follow(ALS, events=[{"user_id": "u3"}], rules=rules)
    seen = {log().items[i] for i in log().matrix[3].indices}
    assert not seen & set(ids(answer))
    assert all(int(item[1:]) < 20 for item in ids(answer))


def test_the_model_is_a_file_and_says_what_it_is() -> None:
    for models in ((), ("-",)):
        with pytest.raises(UsageError, match="reads events on stdin"):
            follow(*models, events=[])
    with pytest.raises(InputError, match="lost its metadata"):
        follow(pa.Table.from_arrays(ALS.columns, names=ALS.column_names), events=[])


def test_lines_that_never_end_take_no_memory() -> None:
    long = b"x" * (3 * LONGEST)
    lines = list(lines_of(io.BytesIO(b"one\n" + long + b"\ntwo\n" + long)))
    assert [len(line) for line in lines] == [4, LONGEST + 2, 4, LONGEST + 2]


def test_answers_are_json() -> None:
    (answer,) = answers({"user_id": "u3"}, explain=True, columns=None)
    assert json.loads(json.dumps(answer)) == answer

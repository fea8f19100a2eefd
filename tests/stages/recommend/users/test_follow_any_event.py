"""Whatever comes on a line, it is answered, in order, and the next one too."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.stages.recommend.users.models import factor_model, knn_model, table_of
from visrec_cli.options.recommend_users import Rules
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.follow import follow
from visrec_cli.stages.recommend.users.follower import Follower
from visrec_cli.tables.output import write_table

ALS, KNN = table_of(factor_model()), table_of(knn_model())
ODD = [
    b'{"user_id": "\\ud800"}',
    b'{"user_id": "u3", "item_id": "\\udfff"}',
    b'{"items": ["\\ud83d"]}',
    b'{"user_id": "u3", "item_id": "i1", "weight": 1e308}',
    b'{"user_id": "u3", "item_id": "i1", "weight": 1e400}',
    b'{"user_id": "u3", "item_id": "i1", "weight": NaN}',
    b'{"user_id": "u3", "item_id": "i1", "weight": 1' + b"0" * 400 + b"}",
    b'{"user_id": 1' + b"0" * 5000 + b"}",
    b'{"user_id": 1e400}',
    b'{"user_id": "u3", "k": 1' + b"0" * 30 + b"}",
    b'{"user_id": "u3", "k": 9223372036854775808}',
    b'{"user_id": "u3", "k": 1.5}',
    b'{"user_id": null, "items": [null]}',
    b'{"user_id": {"a": []}}',
    b'{"user_id": "\\u0000"}',
    b'{"user_id": ""}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe\x00",
    b"\x00",
    b"nul",
    b'"text"',
    b"1" + b"0" * 5000,
    "{\"user_id\": \"u3\"}".encode("utf-16"),
    b'{"user_id": "u3", "items": []}',
    b'{"items": ["i1", "i1", "i1"], "weight": 1e9}',
    b'{"user_id": "u3", "item_id": "i1", "weight": 0}',
    b'{"user_id": "u3", "answer": 1}',
]  # fmt: skip
ASKED = b'{"user_id": "u3"}'


def answers(events: Any, report: Report | None = None, models: Any = (ALS, KNN)) -> list[dict[str, Any]]:
    return list(follow(*models, events=events, rules=Rules(k=3), report=report))


@pytest.mark.parametrize("at", range(len(ODD)))
def test_an_odd_event_has_an_answer_and_changes_no_other(at: int) -> None:
    report = Report()
    said = answers([ODD[at], b'{"user_id": "u5"}'], report)
    assert len(said) == 2
    assert said[0].keys() in ({"error", "line"}, {"user_id", "source", "items"}, {"source", "items"})
    assert said[1] == answers([b'{"user_id": "u5"}'])[0]
    assert not report.warnings
    for answer in said:
        json.dumps(answer, ensure_ascii=False, allow_nan=False, default=str).encode()


def test_weights_that_are_refused_leave_no_trace() -> None:
    heavy = [b'{"user_id": "u3", "item_id": "i1", "weight": 1e308, "answer": false}', ASKED]
    assert answers(heavy)[1] == answers([ASKED])[0]
    many = [b'{"user_id": "u3", "item_id": "i1", "weight": 1e9, "answer": false}'] * 50
    assert all(np.isfinite(item["score"]) for item in answers([*many, ASKED])[-1]["items"])


@pytest.mark.parametrize("models", [(ALS,), (KNN,)])
def test_mutated_events(models: Any) -> None:
    draw = random.Random(7)
    events = []
    for _ in range(400):
        line = bytearray(draw.choice([ASKED, b'{"user_id": "u9", "item_id": "i2", "weight": 1.5}', *ODD[:12]]))
        for _ in range(draw.randint(0, 4)):
            line[draw.randrange(len(line))] = draw.choice(b'{}[]":,0123456789eE+-.\\u\xff\x00tn ')
        events.append(bytes(line).replace(b"\n", b" "))
    report = Report()
    said = answers([*events, ASKED], report, models)
    assert not report.warnings
    assert "items" in said[-1]


def test_a_bug_of_ours_in_one_event_is_said_and_ends_nothing(monkeypatch) -> None:
    whole = Follower.answer

    def broken(self: Follower, event: Any) -> Any:
        if event.user_id == "u4":
            raise KeyError("oops")
        return whole(self, event)

    monkeypatch.setattr(Follower, "answer", broken)
    report = Report()
    said = answers([b'{"user_id": "u4"}', ASKED], report)
    assert said[0] == {"error": "a bug in visrec: KeyError: 'oops'", "line": 1}
    assert "items" in said[1]
    assert "event 1 failed by a bug in visrec" in report.warnings[0]


def test_in_a_process_with_few_letters(tmp_path: Path, visrec) -> None:
    write_table(ALS, tmp_path / "als.arrow")
    events = b"\n".join([ODD[0], ODD[3], '{"user_id": "кл"}'.encode(), ASKED]) + b"\n"
    done = visrec("recommend", "als.arrow", "--follow", stdin=events, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [sorted(line)[0] for line in lines] == ["error", "error", "items", "items"]
    assert lines[2]["user_id"] == "кл"

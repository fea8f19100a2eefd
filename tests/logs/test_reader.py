"""How a log is read by a verb, and what is said of it."""

from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.logs import Cleaning
from visrec_cli.runtime.command_line import CommandLine
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import notes_of
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table


def log(**columns: list) -> pa.Table:
    return pa.table({"user": ["u", "v", "w"], "item": ["a", "a", "b"], **columns})


PYTHON = CommandLine()
LACKS = CommandLine("recommend")


def said(table: pa.Table, use: Use, line: CommandLine = PYTHON) -> list[str]:
    report = Report(line=line)
    read_log(table, None, use, report)
    return report.warnings


@pytest.mark.parametrize(
    ("use", "line", "expected"),
    [
        (
            Use(),
            PYTHON,
            "the weights are ratings from 1 to 10, and each is taken for a like, however low; "
            "--min-weight 8 takes those from 8 on",
        ),
        (
            Use(called="--history"),
            LACKS,
            "--history: the weights are ratings from 1 to 10, and each is taken for a like, however low; "
            "visrec interactions --min-weight 8 makes likes of those from 8 on",
        ),
        (Use("kept"), PYTHON, "the weights are ratings from 1 to 10; --min-weight makes likes of the better ones"),
        (Use("other"), PYTHON, None),
        (Use(cleaning=Cleaning(min_weight=4)), PYTHON, None),
    ],
)
def test_ratings(use: Use, line: CommandLine, expected: str | None) -> None:
    assert said(log(rating=[1, 10, 7]), use, line) == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("ratings", "least"), [([1, 5], "4"), ([0.5, 5.0], "4"), ([5, 100], "72"), ([0.1, 0.9], "0.66")]
)
def test_the_least_rating_that_is_proposed_is_one_that_some_reach(ratings: list[float], least: str) -> None:
    (note,) = said(log(rating=[*ratings, ratings[0]]), Use())
    assert f"--min-weight {least} takes those from {least} on" in note


def test_equal_ratings_and_other_weights_are_nothing_to_note() -> None:
    assert said(log(rating=[4, 4, 4]), Use()) == []
    assert said(log(quantity=[1, 10, 7]), Use()) == []


def test_events() -> None:
    events = log(event=["view", "buy", "view"])
    words = "the log holds events of several kinds, which count alike: view (2), buy (1)"
    assert said(events, Use()) == [f"{words}; --events view=1,buy=2 weighs them"]
    assert said(events, Use(), LACKS) == [f"{words}; visrec interactions --events view=1,buy=2 weighs them"]
    assert said(events, Use(cleaning=Cleaning(events={"buy": 1}))) == []
    assert said(log(event=["view"] * 3), Use()) == []


def test_a_single_user_is_odd_unless_the_log_is_a_part() -> None:
    one = pa.table({"user": ["u", "u"], "item": ["a", "b"]})
    assert said(one, Use()) == ["there is only one user: nothing can be learned from a comparison of users"]
    assert said(one, Use(alone=True)) == []


@pytest.mark.parametrize("name", ["log.arrow", "log.arrows", "log.parquet"])
def test_what_was_said_stays_with_the_log(tmp_path: Path, name: str) -> None:
    table, notes = read_log(log(rating=[1, 10, 7], rank=[1, 2, 3]), None, Use(), Report())
    marked = notes.on(table)
    assert notes_of(marked) == {"ratings", "ranks"}
    write_table(marked.to_reader(), tmp_path / name)
    again = open_table(tmp_path / name).read_all()
    assert said(again, Use()) == said(marked, Use()) == []


@pytest.mark.parametrize("mark", [b"", b"[", b"7", b'{"ratings": 1}', b"[" * 100_000, b"[1, null]", b"\xff"])
def test_a_mark_that_is_none_hides_nothing(mark: bytes) -> None:
    field = pa.field("user_id", pa.string(), metadata={"visrec.notes": mark})
    plain = log(rating=[1, 10, 7]).rename_columns({"user": "user_id"})
    marked = plain.set_column(0, field, plain["user_id"])
    assert said(marked, Use()) == said(plain, Use()) != []


def test_a_log_of_which_nothing_was_said_has_no_mark() -> None:
    table, notes = read_log(log(), None, Use(), Report())
    assert not notes.on(table).schema.field("user_id").metadata

"""What spoils an evaluation is counted and said; what does not is not."""

import pyarrow as pa
import pytest

from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.diagnostics import RunDiagnostics
from visrec_cli.stages.eval.leaks import beside_the_table, earlier, seen_before, twins_before, warn_of_leaks
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.stages.eval.user_scores import PerUserScores

ITEMS = pa.table({"item_id": ["a", "b", "c", "d"], "duplicate_of": [None, "a", None, "b"]})


def log_of(*rows: tuple[str, str, int]) -> pa.Table:
    return pa.table(dict(zip(("user_id", "item_id", "timestamp"), map(list, zip(*rows, strict=True)), strict=True)))


def a_truth(train: pa.Table | None, test: pa.Table, items: pa.Table | None = None) -> Truth:
    return open_truth(test, train=train, items=items)


DAY = 86_400
START = 1_700_000_000


def day(n: int) -> int:
    return START + n * DAY


CLEAN_TRAIN = log_of(("u", "a", day(1)), ("u", "c", day(2)), ("v", "c", day(9)))
CLEAN_TEST = log_of(("u", "x", day(3)), ("v", "a", day(10)))


def warnings_of(truth: Truth, *runs: PerUserScores) -> list[str]:
    report = Report()
    warn_of_leaks(truth, runs, report)
    return report.warnings


def test_a_clean_evaluation_says_nothing() -> None:
    run = PerUserScores("als", pa.array(["u", "v"]), notes=RunDiagnostics(places=20))
    assert warnings_of(a_truth(CLEAN_TRAIN, CLEAN_TEST), run) == []
    assert warnings_of(a_truth(None, CLEAN_TEST), run) == []


def test_a_pair_of_the_test_that_is_in_training() -> None:
    truth = a_truth(CLEAN_TRAIN, log_of(("u", "a", day(5)), ("u", "b", day(5)), ("v", "a", day(10))))
    assert seen_before(truth) == 1  # v had c, and not a
    assert warnings_of(truth)[0].startswith("1 of 3 (33.3 %) test pairs are among what the same user had before")


def test_a_picture_whose_twin_the_user_had() -> None:
    """a, b and d are one picture. u had a: b and d are given away; a itself is a repeat, and c is another picture."""
    train = log_of(("u", "a", day(1)), ("v", "c", day(1)))
    test = log_of(*(("u", item, day(2)) for item in "abcd"), ("v", "b", day(2)))
    truth = a_truth(train, test, ITEMS)
    assert twins_before(truth) == 2
    assert any(
        line.startswith("2 of 5 (40.0 %) test pairs have a near-duplicate picture") for line in warnings_of(truth)
    )
    assert twins_before(a_truth(train, test)) == 0
    assert twins_before(a_truth(train, test, ITEMS.set_column(1, "duplicate_of", pa.nulls(4, pa.string())))) == 0


def test_a_future_that_was_learned_from() -> None:
    """u's last of training is on day 2: day 1 is before it, day 2 is not; v's times have nothing to do with u's."""
    truth = a_truth(CLEAN_TRAIN, log_of(("u", "b", day(1)), ("u", "d", day(2)), ("v", "b", day(8)), ("w", "b", day(0))))
    assert earlier(truth) == 2
    assert any("2 of 4 (50.0 %) test interactions happened before" in line for line in warnings_of(truth))
    assert earlier(a_truth(CLEAN_TRAIN.drop_columns(["timestamp"]), CLEAN_TEST)) == 0


def test_items_beside_the_table() -> None:
    truth = a_truth(None, log_of(("u", "a", day(1)), ("u", "zz", day(1))), ITEMS)
    assert beside_the_table(truth) == 1
    assert warnings_of(truth)[0].startswith("1 of 2 (50.0 %) test interactions are with items")


@pytest.mark.parametrize(("again", "words"), [(False, "none of them can be right"), (True, "it can be right")])
def test_recommending_what_was_seen_is_a_loss_unless_people_come_back(again: bool, words: str) -> None:
    test = log_of(("u", "a" if again else "b", day(5)))
    run = PerUserScores("als", pa.array(["u"]), notes=RunDiagnostics(places=50, seen=5))
    (line,) = [line for line in warnings_of(a_truth(CLEAN_TRAIN, test), run) if line.startswith("als")]
    assert line.startswith("als: 5 of 50 (10.0 %) recommendations are of items that the user had in training")
    assert words in line


def test_validation_rows_are_told_apart() -> None:
    table = log_of(("u", "a", day(1)), ("u", "b", day(2)), ("u", "c", day(3)))
    truth = open_truth(table.append_column("split", pa.array(["train", "validation", "test"])))
    run = PerUserScores("als", pa.array(["u"]), notes=RunDiagnostics(places=10, seen=1, validated=1))
    lines = warnings_of(truth, run)
    assert lines[0] == "validation: 1 interaction, taken for what users had before, as training is"
    assert "1 of 10 (10.0 %) recommendations are of the user's validation rows" in lines[1]
    assert len(lines) == 2

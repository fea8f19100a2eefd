"""What every report of an evaluation says: numbers in their places, the best marked, nothing obeyed."""

import io
from dataclasses import replace
from xml.etree import ElementTree as Tree

import pyarrow as pa
import pytest
from rich.console import Console

from tests.reports.evaluations import HOSTILE, rows, told
from visrec_cli.errors import UsageError
from visrec_cli.reports.evaluation import Verdict, decimals, metrics_of, runs_by_metric, slices_by_run
from visrec_cli.reports.evaluation_markdown import markdown
from visrec_cli.reports.evaluation_page import evaluation_page
from visrec_cli.reports.evaluation_terminal import print_evaluation
from visrec_cli.reports.junit import junit
from visrec_cli.reports.metric_curves import curves_of, draw_figure
from visrec_cli.stages.eval import SCHEMA


def printed(one, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_evaluation(one, console)
    return console.file.getvalue()


def test_runs_stand_in_rows_and_the_best_of_a_column_is_marked() -> None:
    grid = runs_by_metric(told())
    assert grid.columns == ("ndcg@5", "ndcg@10", "novelty@5", "novelty@10")
    assert [name for name, _ in grid.rows] == ["als", "popularity"]
    als, popularity = (numbers for _, numbers in grid.rows)
    assert (als[0].value, als[0].low, als[0].high, als[0].n) == (0.305, pytest.approx(0.28), pytest.approx(0.35), 100)
    assert [number.best for number in als] == [True, True, False, False]  # of novelty neither is better
    assert not any(number.best for number in popularity)


def test_the_best_error_is_the_least_and_equals_share_it() -> None:
    one = replace(told(), better={"ndcg": "less", "novelty": "more"})
    assert [number.best for _, numbers in runs_by_metric(one).rows for number in numbers] == [
        False, False, True, True, True, True, False, False,
    ]  # fmt: skip
    same = told({"a": 0.2, "b": 0.1, "c": 0.2})
    assert [numbers[0].best for _, numbers in runs_by_metric(same).rows] == [True, False, True]


def test_one_run_alone_or_equal_runs_are_not_the_best() -> None:
    equal = told({"a": 0.0, "b": 0.0})
    assert not any(numbers[0].best for _, numbers in runs_by_metric(equal).rows)
    assert not any(number.best for _, numbers in runs_by_metric(told({"als": 0.3})).rows for number in numbers)


def test_slices_stand_in_rows_and_runs_compete_within_them() -> None:
    grid = slices_by_run(told(), "ndcg@5")
    assert grid.columns == ("als", "popularity")
    assert [name for name, _ in grid.rows] == ["all", "items: cold"]
    assert [number.best for _, numbers in grid.rows for number in numbers] == [True, False, True, False]
    assert grid.rows[1][1][0].n == 90
    assert slices_by_run(told(), "novelty@5").rows == ()


def test_a_number_that_is_missing_leaves_a_gap() -> None:
    table = [row for row in rows({"als": 0.3, "b": 0.1}) if (row["run"], row["metric"]) != ("b", "novelty")]
    table[0]["value"] = None
    one = told(results=pa.Table.from_pylist(table, schema=SCHEMA))
    (_, als), (_, b) = runs_by_metric(one).rows
    assert als[0].value is None
    assert not b[0].best  # nobody to beat
    assert b[2] is None
    assert "–" in printed(one)
    assert "·" in printed(one)
    assert "|  |" in markdown(one)
    assert ">–<" in evaluation_page(one)


@pytest.mark.parametrize(("value", "text"), [(0.12345, "0.1235"), (None, "–"), (12.3456, "12.35"), (0.0, "0.0000")])
def test_decimals(value, text) -> None:
    assert decimals(value) == text


def test_the_terminal_shows_numbers_intervals_slices_words_and_gates() -> None:
    text = printed(told())
    assert "0.3050*" in text
    assert "0.2800–0.3500" in text
    assert "ndcg@5 by slice" in text
    assert "als beats popularity" in text
    assert "failed  als beats popularity: too little" in text


def test_a_narrow_terminal_shows_the_columns_below_each_other() -> None:
    text = printed(told(), width=44)
    assert all(len(line) <= 44 for line in text.splitlines())
    assert [text.count(name) for name in ("ndcg@10", "novelty@5", "novelty@10")] == [1, 1, 1]


def test_without_slices_and_words_there_is_only_the_table() -> None:
    plain = [row for row in rows({"als": 0.3}) if row["slice"] == "all"]
    one = told(results=pa.Table.from_pylist(plain, schema=SCHEMA), facts=(), differences=(), warnings=(), verdicts=())
    assert "slice" not in printed(one)
    assert markdown(one).count("\n## ") + markdown(one).count("###") == 0
    assert "<h2" in evaluation_page(one)
    assert "Gates" not in evaluation_page(one)


def test_markdown_is_a_table_with_the_best_in_bold() -> None:
    text = markdown(told())
    assert "| run | ndcg@5 | ndcg@10 | novelty@5 | novelty@10 |\n|---|---:|---:|---:|---:|" in text
    assert "| als | **0.3050** <sub>0.2800 – 0.3500</sub> |" in text
    assert "- **passed**: als beats popularity: enough" in text
    assert "- **FAILED**: als beats popularity: too little" in text
    assert "### ndcg@5 by slice" in text


def test_markdown_stays_short() -> None:
    table = [row | {"k": k} for row in rows({"als": 0.3}) if row["k"] == 5 for k in (1, 2, 3, 4)]
    text = markdown(told(results=pa.Table.from_pylist(table, schema=SCHEMA)))
    assert "| run | ndcg@1 | ndcg@2 | ndcg@3 | ndcg@4 | novelty@1 | novelty@2 |\n" in text
    assert "Not shown here: novelty@3, novelty@4." in text


def test_hostile_names_are_only_text_in_markdown() -> None:
    text = markdown(told({HOSTILE: 0.3, "@everyone #1": 0.1}, words=HOSTILE))
    assert "<script" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert "&#64;everyone \\#1" in text
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in table} == {6, 4}  # no cell more


def test_hostile_names_are_only_text_at_the_terminal() -> None:
    text = printed(told({HOSTILE: 0.3}, words=HOSTILE), width=200)
    assert "\x1b[31m" not in text
    assert "[/b]" in text


def test_hostile_names_are_only_text_on_the_page() -> None:
    page = evaluation_page(told({HOSTILE: 0.3, "b": 0.1}, words=HOSTILE))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("</style>") == 1


def test_junit_has_a_case_per_gate() -> None:
    suite = Tree.fromstring(junit(told().verdicts)).find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    passed, failed = suite.findall("testcase")
    assert (passed.get("classname"), passed.get("name")) == ("als", "ndcg@10 is at least 0.2")
    assert passed.find("failure") is None
    assert failed.find("failure").get("message") == "als beats popularity: too little"


def test_junit_without_gates_says_that_it_ran() -> None:
    suite = Tree.fromstring(junit(())).find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert len(suite.findall("testcase")) == 1


def test_junit_holds_any_name() -> None:
    name = "a<b>&\"'\x00\x1b\ufffe\ud800"
    case = Tree.fromstring(junit([Verdict(name, name, False, name)])).find("testsuite/testcase")
    assert case.get("classname") == "a<b>&\"'\\x00\\x1b\ufffd\\ud800"


def test_curves_are_of_metrics_at_several_lengths_and_take_the_pages_colours() -> None:
    curves = curves_of(told())
    assert [curve.metric for curve in curves] == ["ndcg", "novelty"]
    assert "ndcg@5, ndcg@10 of 2 runs" in curves[0].words
    for part in ("var(--s0)", "var(--s1)", "var(--ink)", "viewBox"):
        assert part in curves[0].drawing
    assert "#" not in curves[0].drawing.replace('"#', "").replace("(#", "")  # no colour of its own
    assert "<style" not in curves[0].drawing
    assert curves_of(told()) == curves  # the same bytes
    single = pa.Table.from_pylist([row for row in rows({"als": 0.3}) if row["k"] == 5], schema=SCHEMA)
    assert curves_of(told(results=single)) == []


def test_more_runs_than_colours_share_them() -> None:
    many = told({f"run {number}": number / 100 for number in range(11)})
    assert "var(--s8)" not in evaluation_page(many)
    assert evaluation_page(many).count("run 10") > 1


def test_the_metrics_are_in_the_order_in_which_they_were_asked_for() -> None:
    assert metrics_of(told()) == ("ndcg@5", "ndcg@10", "novelty@5", "novelty@10")


@pytest.mark.parametrize(("name", "start"), [("f.svg", b"<?xml"), ("f.png", b"\x89PNG"), ("f.pdf", b"%PDF")])
def test_a_figure_is_the_same_bytes_each_time_and_shows_names_as_they_are(tmp_path, name, start) -> None:
    one = told({"$x_1$": 0.3, "b": 0.1})
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        draw_figure(one, tmp_path / folder / name)
    first, second = ((tmp_path / folder / name).read_bytes() for folder in ("a", "b"))
    assert first == second
    assert first.startswith(start)
    assert name != "f.svg" or b">$x_1$<" in first


def test_a_figure_of_one_length_is_refused(tmp_path) -> None:
    single = pa.Table.from_pylist([row for row in rows({"als": 0.3}) if row["k"] == 5], schema=SCHEMA)
    with pytest.raises(UsageError, match="two lengths"):
        draw_figure(told(results=single), tmp_path / "f.svg")

"""Quotes that are none: no row may vanish into a field."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visrec_cli.errors import InputError
from visrec_cli.runtime.report import Report
from visrec_cli.tables import csv_quotes
from visrec_cli.tables.readers import open_table


def titles(tmp_path: Path, text: str, report: Report | None = None) -> list[str]:
    (tmp_path / "t.csv").write_bytes(text.encode())
    return open_table(tmp_path / "t.csv", report=report).read_all()["title"].to_pylist()


def test_where_tabs_divide_every_line_a_quote_is_a_letter(tmp_path: Path) -> None:
    text = 'user_id\ttitle\nu1\t"Quoted start\nu2\tplain\nu3\tends"\nu4\t5" nail\nu5\t"whole"\n'
    assert titles(tmp_path, text) == ['"Quoted start', "plain", 'ends"', '5" nail', "whole"]


def test_a_field_over_two_lines_stays_one_where_the_lines_are_no_rows(tmp_path: Path) -> None:
    assert titles(tmp_path, 'user_id\ttitle\nu1\t"two\nlines"\nu2\t"say ""a\tb"""\n') == ["two\nlines", 'say "a\tb"']
    report = Report()
    assert titles(tmp_path, 'user_id,title\nu1,"two\nlines"\nu2,b\n', report) == ["two\nlines", "b"]
    assert report.warnings == []


def test_lines_that_could_be_rows_are_one_field_and_said_to_be(tmp_path: Path) -> None:
    report = Report()
    got = titles(tmp_path, '# a remark\nuser_id,title\nu0,x\nu1,"start\nu2,plain\nu3,ends"\nu4,d\n', report)
    assert got == ["x", "start\nu2,plain\nu3,ends", "d"]
    assert len(report.warnings) == 1
    assert report.warnings[0].split(": ", 1)[1].startswith("line 4: a quote goes on over the end of the line")


def test_stray_quotes_of_a_csv_are_text_and_counted(tmp_path: Path) -> None:
    report = Report()
    text = 'user_id,title\nu1,5" nail\nu2,"a, b"\nu3,"x"y\nu4, "c, d"\nu5,"two\nlines"\nu6,"""q"" r"\n'
    assert titles(tmp_path, text, report) == ['5" nail', "a, b", '"x"y', "c, d", "two\nlines", '"q" r']
    assert report.warnings[0].endswith("2 lines with a quote that opens or closes no field, first line 2: read as text")


def test_a_quote_that_is_never_closed_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3 opens a quote that is never closed: 'u2,a,\"b'"):
        titles(tmp_path, 'user_id,title\nu1,x\nu2,a,"b\nu3,c\n')


def test_all_of_this_also_where_a_text_is_looked_at_in_pieces(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(csv_quotes, "_CHUNK", 7)
    test_stray_quotes_of_a_csv_are_text_and_counted(tmp_path)
    test_where_tabs_divide_every_line_a_quote_is_a_letter(tmp_path)
    test_lines_that_could_be_rows_are_one_field_and_said_to_be(tmp_path)


@given(rows=st.lists(st.lists(st.text('a",\n \t;é5', max_size=8), min_size=2, max_size=2), min_size=1, max_size=8))
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("csv")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["name", "title"], *rows])
    (folder / "t.csv").write_text(text.getvalue(), newline="")
    got = open_table(folder / "t.csv", as_text=["name", "title"]).read_all()
    assert [list(row.values()) for row in got.to_pylist()] == rows

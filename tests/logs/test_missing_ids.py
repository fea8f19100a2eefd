"""Users who are nobody."""

from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.runtime.report import Report
from visrec_cli.stages.interactions import interactions


def said(users: list[str], items: list[str]) -> list[str]:
    report = Report()
    interactions(pa.table({"user_id": users, "item_id": items}), report=report).read_all()
    return [warning for warning in report.warnings if "with the most rows is called" in warning]


@pytest.mark.parametrize("name", ["nan", "NaN", "NULL", "\\N", "None", "<NA>", "undefined", "-1"])
def test_the_heaviest_user_called_nothing_is_named(name: str) -> None:
    found = said([name, name, name, "u1", "u2"], ["a", "b", "c", "a", "d"])
    assert len(found) == 1
    assert f"the user with the most rows is called '{name}' (3 of 5)" in found[0]
    assert "the item with the most rows" in said(["u1", "u2", "u3", "u1"], [name, name, name, "a"])[0]


def test_others_are_not() -> None:
    assert not said(["ann", "ann", "ben"], ["a", "b", "a"])
    assert not said(["nan", "ann", "ann"], ["a", "a", "b"])  # a few rows of nobody weigh little
    assert not said(["nan", "nan"], ["a", "b"])  # and one user alone is said already


def test_from_a_file_too(tmp_path: Path) -> None:
    report = Report()
    (tmp_path / "log.csv").write_text("user_id,item_id\n\\N,a\n\\N,b\n\\N,c\nu1,a\n")
    interactions(tmp_path / "log.csv", report=report).read_all()
    assert any("is called '\\N'" in warning for warning in report.warnings)

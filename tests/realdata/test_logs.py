"""Logs of the real sets, as they were published."""

from pathlib import Path

import pytest

from visrec_cli.logs.matrix import log_of
from visrec_cli.options.logs import Columns
from visrec_cli.runtime.report import Report
from visrec_cli.stages.interactions import interactions
from visrec_cli.stages.split import split
from visrec_cli.tables.interaction_log import has_ratings, open_interactions

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize(
    ("name", "shape", "rows"),
    [
        ("ml-100k-posters", (943, 1682), 100_000),
        ("amazon-baby", (19_445, 7_050), 160_792),
        ("tiktok-mm", (9_308, 6_710), 68_722),
    ],
)
def test_counts_are_those_of_the_source(shared_data: Path, name: str, shape: tuple[int, int], rows: int) -> None:
    report = Report()
    folder = shared_data / name
    table = interactions(folder / "interactions.csv", items=folder / "items.csv", report=report).read_all()
    log = log_of(table)
    assert (log.matrix.shape, log.matrix.nnz, table.num_rows) == (shape, rows, rows)
    assert (report.counts["users"], report.counts["items"]) == shape
    assert not report.rejects
    assert any(said.startswith("100 % of the interactions are with items") for said in report.warnings)
    assert any("ratings from 1 to 5" in said for said in report.warnings) == (name == "ml-100k-posters")


def test_an_official_split_without_header_is_that_part_of_the_log(shared_data: Path) -> None:
    folder = shared_data / "ml-100k-posters"
    columns = Columns(header=False)
    parts = [open_interactions(folder / "splits" / f"u1.{part}", columns) for part in ("base", "test")]
    rows = [row for part in parts for row in part.to_pylist()]
    key = lambda row: (row["user_id"], row["item_id"])  # noqa: E731
    assert sorted(rows, key=key) == sorted(open_interactions(folder / "interactions.csv").to_pylist(), key=key)
    assert all(has_ratings(part) for part in parts)


def test_a_published_split_is_not_overwritten_and_a_new_one_is_even(shared_data: Path) -> None:
    table = split(shared_data / "amazon-baby" / "interactions.csv", folds=5, replace=True).read_all()
    folds = table["fold"].value_counts().to_pylist()
    assert sum(fold["counts"] for fold in folds) == 160_792
    assert all(abs(fold["counts"] / 160_792 - 0.2) < 0.005 for fold in folds)

"""``eval --logged`` and ``--class``, from files and through a pipe."""

import csv
import io
from pathlib import Path

import pytest

from tests.stages.eval.simulated_clicks import window


@pytest.fixture
def files(tmp_path: Path) -> Path:
    shop = window(20)
    for name, table in (("log", shop.log(10, 0)), ("new", shop.table(shop.best()))):
        rows = table.to_pylist()
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    (tmp_path / "items.csv").write_text("item_id,kind\n" + "".join(f"i{n:02},{'ab'[n % 2]}\n" for n in range(20)))
    (tmp_path / "similar.csv").write_text("query_id,item_id,rank\ni00,i02,1\ni01,i02,1\n")
    return tmp_path


def rows_of(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode())))


def test_click_rates_from_a_file_and_through_a_pipe(visrec, files: Path) -> None:
    done = visrec("eval", "new.csv", "--logged", "log.csv", "--format", "csv")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    assert [row["metric"] for row in rows] == ["ctr-logged", "ctr-ips", "ctr-snips", "ctr-dr", "ctr-ess"]
    assert {row["k"] for row in rows} == {"3"}
    assert all(float(row["ci_low"]) <= float(row["value"]) <= float(row["ci_high"]) for row in rows[:-1])
    assert b"too little data" in done.stderr
    beside = ("--truth", "new.csv", "--metrics", "hit@3", "--logged", "log.csv", "--format", "csv")
    piped = visrec("eval", "-", *beside, stdin=(files / "new.csv").read_bytes())
    assert piped.returncode == 0, piped.stderr
    told = [(row["metric"], row["value"]) for row in rows_of(piped.stdout)]
    assert told == [("hit", "1.0"), *((row["metric"], row["value"]) for row in rows)]


def test_flags_of_a_log_need_one(visrec, files: Path) -> None:
    done = visrec("eval", "new.csv", "--truth", "new.csv", "--clip", "5")
    assert done.returncode == 2
    assert b"--logged LOG" in done.stderr


def test_reports_of_a_log_alone(visrec, files: Path) -> None:
    reports = ("--html", "r.html", "--markdown", "r.md", "--junit", "r.xml", "--figure", "r.svg", "-k", "2,3")
    done = visrec("eval", "new.csv", "--logged", "log.csv", *reports, "-o", "r.csv")
    assert done.returncode == 0, done.stderr
    for name, words in (
        ("r.html", "ctr-snips@3"),
        ("r.md", "| run | ctr-logged@2 |"),
        ("r.xml", "the evaluation ran"),
        ("r.svg", "<svg"),
    ):
        assert words in (files / name).read_text(), name
    assert "Lowest-scoring" not in (files / "r.html").read_text()


def test_a_log_alone_has_no_scores_of_users(visrec, files: Path) -> None:
    for flag in ("--per-user", "--comparisons"):
        done = visrec("eval", "new.csv", "--logged", "log.csv", flag, "u.csv")
        assert (done.returncode, (files / "u.csv").exists()) == (2, False)
        assert b"needs --truth or --class" in done.stderr


def test_similar_items_by_class(visrec, files: Path) -> None:
    done = visrec(
        "eval", "similar.csv", "--items", "items.csv", "--class", "kind", "-m", "precision@1", "--format", "csv"
    )
    assert done.returncode == 0, done.stderr
    assert [(row["slice"], row["value"]) for row in rows_of(done.stdout)] == [
        ("all", "0.05"),
        ("kind: a", "0.1"),
        ("kind: b", "0.0"),
    ]
    assert b"18 queries of 20 without recommendations" in done.stderr

"""What ``visrec eval`` writes beside its table, and what it shows at a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from tests.conftest import Run

USERS = 30


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """truth.csv: a liked thing each; good.csv finds it first, poor.csv finds it second for every other user."""
    things = [f"thing {number % 7}" for number in range(USERS)]
    others = [f"thing {(number + 1) % 7}" for number in range(USERS)]
    head = "user_id,item_id,rank\n"
    pairs = list(enumerate(zip(things, others, strict=True)))
    (tmp_path / "truth.csv").write_text("user_id,item_id\n" + "".join(f"u{n},{a}\n" for n, (a, _) in pairs))
    (tmp_path / "good.csv").write_text(head + "".join(f"u{n},{a},1\nu{n},{b},2\n" for n, (a, b) in pairs))
    (tmp_path / "poor.csv").write_text(
        head + "".join(f"u{n},{b},1\nu{n},{a if n % 2 else 'thing 99'},2\n" for n, (a, b) in pairs)
    )
    return tmp_path


def test_every_file_is_written_and_the_table_goes_on(visrec: Run, files: Path) -> None:
    done = visrec(
        "eval", "good.csv", "poor.csv", "--truth", "truth.csv", "--metrics", "recall", "-k", "1,2", "--format", "csv",
        "--html", "r.html", "--markdown", "r.md", "--junit", "r.xml", "--per-user", "u.parquet", "--figure", "f.svg",
        "--comparisons", "c.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[1].startswith("good,recall,1,all,1")
    assert "Lowest-scoring users of good" in (files / "r.html").read_text()
    assert "| good | **1.0000**" in (files / "r.md").read_text()
    assert Tree.parse(files / "r.xml").getroot().get("failures") == "0"
    assert (files / "u.parquet").stat().st_size
    assert "good beats poor by" in (files / "c.csv").read_text()
    assert (files / "f.svg").read_text().startswith("<?xml")


def test_the_same_input_gives_the_same_bytes(visrec: Run, files: Path) -> None:
    for name in ("a", "b"):
        visrec(
            "eval", "good.csv", "poor.csv", "--truth", "truth.csv", "-k", "1,2", "-o", f"{name}.arrow",
            "--html", f"{name}.html", "--markdown", f"{name}.md", "--per-user", f"{name}.csv",
        )  # fmt: skip
    for ending in ("arrow", "html", "md", "csv"):
        assert (files / f"a.{ending}").read_bytes() == (files / f"b.{ending}").read_bytes(), ending


def test_a_page_of_a_pipe(visrec: Run, files: Path) -> None:
    good = (files / "good.csv").read_bytes()
    done = visrec("eval", "-", "--truth", "truth.csv", "--html", "r.html", "-o", "r.csv", stdin=good)
    assert done.returncode == 0, done.stderr
    assert (files / "r.csv").read_text().splitlines()[1].startswith("stdin,")
    assert "Lowest-scoring" in (files / "r.html").read_text()


def test_at_a_terminal_runs_stand_beside_their_numbers(files: Path) -> None:
    command = [sys.executable, "-m", "visrec_cli", "eval", "good.csv", "poor.csv", "--truth", "truth.csv"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    process = subprocess.Popen(
        [*command, "-m", "recall@1"], cwd=files, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how a terminal that was closed reads on Linux
        pass
    assert process.wait(60) == 0
    assert process.stderr is not None
    process.stderr.close()
    os.close(ours)
    lines = shown.decode().splitlines()
    assert any(line.split() == ["run", "recall@1"] for line in lines)
    assert any(line.split() == ["good", "1.0000*"] for line in lines)
    assert any(line.split() == ["poor", "0.0000"] for line in lines)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--html", "no/such/r.html"], 73, b"its folder does not exist"),
        (["--html", "r.html", "--markdown", "r.html"], 2, b"--html and --markdown are one file"),
        (["--per-user", "u.xlsx"], 2, b"the file ending identifies no format"),
        (["--figure", "f.gif"], 2, b"a figure is a file that ends in .svg, .png or .pdf"),
        (["--figure", "f.svg", "-m", "recall@5"], 2, b"two lengths"),
        (["-k", "ten"], 2, b"is not a list of lengths"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(visrec: Run, files: Path, options, code, words) -> None:
    before = sorted(path.name for path in files.iterdir())
    done = visrec("eval", "good.csv", "--truth", "truth.csv", *options, "-o", "out.csv")
    assert done.returncode == code
    assert words in done.stderr
    assert sorted(path.name for path in files.iterdir()) == before


def test_a_figure_without_a_curve_is_refused_before_anything_is_written(visrec: Run, files: Path) -> None:
    for flags in (
        ("-m", "ndcg@2"),
        ("-m", "ndcg@2,recall@1"),
        ("-m", "ndcg", "-k", "2"),
        ("-m", "ndcg@2", "-k", "1,2"),
        (),
    ):
        done = visrec("eval", "good.csv", "--truth", "truth.csv", *flags, "--figure", "f.svg", "--markdown", "f.md")
        assert (done.returncode, (files / "f.md").exists()) == (2, False)
        assert b"two lengths of the list" in done.stderr

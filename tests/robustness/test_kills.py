"""Whoever is killed, wherever in a pipe, and whenever: no half-written file, no result of half of the input that says
nothing, and the next run gives the same bytes."""

import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.robustness.forked import Forks
from tests.robustness.kills import KILLS, Course, Ended, Kill, Line, aged, course, kills, parts, run
from visrec_cli.errors import InputError
from visrec_cli.tables.readers import as_bytes, read_all

OLDER = b"what was there before"
LINES = (
    Line(
        "from pictures to neighbours",
        (
            "preprocess imgs --items items.csv --store png --rejects rejects.csv",
            "embed-images -e colour+hog",
            "fuse",
            "recommend - --all -k 3 -o out.parquet",
        ),
        ("out.parquet", "rejects.csv"),
    ),
    Line(
        "from clicks to lists",
        ("split clicks.csv", "train-cf - --model ease", "recommend - --all-users -k 5 -o out.arrow"),
        ("out.arrow",),
    ),
    Line(
        "from lists to metrics",
        ("recommend model.arrow --all-users --include-seen -k 5", "eval - --truth clicks.csv --html e.html -o e.csv"),
        ("e.csv", "e.html"),
    ),
    Line("a gallery", ("preprocess imgs --items items.csv", "show - --html out.html"), ("out.html",)),
    Line("a matrix", ("embed-images imgs -e colour", "show - -o out.npy"), ("out.npy", "out.ids.txt", "out.sha256")),
    Line(
        "words to text",
        ("preprocess imgs --items items.csv", "embed-text --columns title", "show - -o out.ndjson"),
        ("out.ndjson",),
    ),
    Line("a profile", ("profile model.arrow --user u1 --html p.html -o p.csv",), ("p.csv", "p.html")),
    Line("to stdout", ("interactions clicks.csv", "split - --validation 0.1")),
    Line("to text on stdout", ("show images.arrow -o -", "show - --format ndjson")),
    Line("a log", ("interactions clicks.csv -o log.ndjson",), ("log.ndjson",)),
)


@pytest.mark.parametrize("line", LINES, ids=[line.name for line in LINES])
def test_nothing_is_lost_whoever_is_killed(desk: Path, forks: Forks, tmp_path: Path, line: Line) -> None:
    whole = shutil.copytree(desk, tmp_path / "whole")
    way = course(forks, line, whole)
    assert set(way.ended.codes) == {0}, way.ended
    expected = {name: (whole / name).read_bytes() for name in line.outputs}
    folder = shutil.copytree(desk, tmp_path / "killed")
    lots = random.Random(line.name)
    for number, kill in enumerate(kills(line, way, -(-KILLS // len(LINES)), lots)):
        for name in line.outputs:
            (folder / name).unlink(missing_ok=True)
            if number % 2:
                (folder / name).write_bytes(OLDER)
        ended = run(forks, line, folder, kill)
        look(line, way, ended, kill)
        for name, content in expected.items():
            found = (folder / name).read_bytes() if (folder / name).exists() else None
            assert found in (content, OLDER if number % 2 else None), (kill, name, ended)
            said = ended.codes[-1] != 0 if name == line.outputs[0] else any(ended.codes)
            assert found == content or said, f"{kill}: {name} is not there, and nobody says so{ended}"
    aged(folder)
    ended = run(forks, line, folder)
    assert set(ended.codes) == {0}, ended
    assert {name: (folder / name).read_bytes() for name in line.outputs} == expected
    assert ended.written == way.ended.written
    assert parts(folder) == []
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in whole.iterdir())


def look(line: Line, way: Course, ended: Ended, kill: Kill) -> None:
    """Whoever was killed, the others end as the contract says, and what the last one wrote is never taken for more."""
    for place, (code, words) in enumerate(zip(ended.codes, ended.said, strict=True)):
        others = (0, 141) if place < kill.place else (0, 65)
        allowed = others if place != kill.place else (0, 65, 141, -signal.SIGKILL, -signal.SIGXFSZ)
        assert code in allowed, (kill, ended)
        assert code != 65 or ("stdin" in words and "fix: the command that wrote it failed" in words), (kill, ended)
    whole, cut = way.ended.written, kill.passed is not None and kill.of + 1 == len(line.commands)
    assert ended.written == whole or ((cut or ended.codes[-1] != 0) and whole.startswith(ended.written)), (kill, ended)
    if whole.startswith(b"\xff\xff\xff\xff") and ended.written != whole:
        with pytest.raises(InputError):
            as_bytes(ended.written).read_all()


def test_a_matrix_over_an_older_one_is_one_of_the_two_or_refused(desk: Path, forks: Forks, tmp_path: Path) -> None:
    """It is four files, which no file system renames together: parts of two are never taken for one."""
    older, newer = (Line("npy", (f"embed-images imgs -e {way} -o x.npy",)) for way in ("colour", "hog"))
    folder = shutil.copytree(desk, tmp_path / "work")
    tables = []
    for line in (newer, older):
        assert run(forks, line, folder).codes == (0,)
        tables.append(read_all(folder / "x.npy"))
    kept = {path: path.read_bytes() for path in folder.glob("x.*")}
    assert len(kept) == 4
    for touch in range(1, course(forks, newer, folder).touches[0] + 1):
        for path, content in kept.items():
            path.unlink()
            path.write_bytes(content)
        assert run(forks, newer, folder, Kill(0, touch=touch)).codes == (-signal.SIGKILL,)
        try:
            found = read_all(folder / "x.npy")
        except InputError:
            continue
        assert any(found.equals(table) for table in tables), touch

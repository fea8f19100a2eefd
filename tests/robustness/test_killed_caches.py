"""Runs that are killed while they keep something for the next: a cache is never the truth, and never in the way."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.robustness.forked import Forks
from tests.robustness.kills import KILLS, Course, Kill, Line, aged, course, run

LONG = KILLS > 100
QUICK = (
    Line("vectors of pictures", ("embed-images imgs -e colour+hog -o out.arrow",), ("out.arrow",)),
    Line("an index", ("recommend images.arrow --all -k 3 --index annoy -o out.arrow",), ("out.arrow",)),
)
SLOW = (
    Line("a compiled model", ("embed-images imgs -e lite0 -o out.arrow",), ("out.arrow",)),
    Line("an exported encoder", ("export-encoder lite0 -o out.onnx",), ("out.onnx",)),
    Line("compiled loops", ("train-cf clicks.csv --model als --set epochs=1 -o out.arrow",), ("out.arrow",)),
)


def sizes(folder: Path) -> tuple[int, ...]:
    return tuple(file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file())


def moments(way: Course, largest: int, number: int, lots: random.Random) -> Iterator[Kill]:
    """By touches of the disk, by the size of a file, and by time, in turn."""
    for one in range(number):
        if one % 3 == 0:
            yield Kill(0, touch=lots.randint(1, way.touches[0]))
        elif one % 3 == 1:
            yield Kill(0, grown=lots.randrange(largest))
        else:
            yield Kill(0, seconds=lots.uniform(0, 1.1 * way.seconds))


@pytest.mark.parametrize("line", QUICK + SLOW if LONG else QUICK, ids=lambda line: line.name)
def test_the_run_after_one_that_was_killed_gives_the_same_bytes(
    desk: Path, forks: Forks, tmp_path: Path, line: Line
) -> None:
    folder, cache = shutil.copytree(desk, tmp_path / "work"), tmp_path / "cache"
    loops = {} if line in QUICK else {"NUMBA_CACHE_DIR": str(cache / "loops")}
    line = Line(line.name, line.commands, line.outputs, {"VISREC_CACHE_DIR": str(cache), **loops})
    way, [out] = course(forks, line, folder), line.outputs
    assert way.ended.codes == (0,), way.ended
    expected, largest = (folder / out).read_bytes(), max((*sizes(cache), (folder / out).stat().st_size))
    lots = random.Random(line.name)
    for kill in moments(way, largest, max(6, KILLS // 25), lots):
        if lots.random() < 0.7:
            shutil.rmtree(cache, ignore_errors=True)
        (folder / out).unlink(missing_ok=True)
        ended = run(forks, line, folder, kill)
        aged(folder)
        ended = run(forks, line, folder)
        assert ended.codes == (0,), (kill, ended)
        assert "damaged" not in ended.said[0], (kill, ended)
        assert (folder / out).read_bytes() == expected, kill
    assert not list(folder.glob(".*.part"))

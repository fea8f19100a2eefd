"""Several processes at once, and processes that are killed."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.limits import HANGS
from tests.runtime.embedding_cache.planted import KIND, opened, truth
from visrec_cli.runtime.report import Report

BATCH = 32
WRITER = f"""
import sys
from pathlib import Path
from tests.runtime.embedding_cache.planted import KIND, opened, truth
from visrec_cli.runtime.report import Report
folder, first, step, last = Path(sys.argv[1]), *map(int, sys.argv[2:])
report = Report()
with opened(folder, report) as cache:
    for batch in range(first, last, step):
        kept = truth(range({BATCH} * batch, {BATCH} * (batch + 1)), 5000)
        cache.keep(KIND, list(kept.items()))
        print(batch, flush=True)  # only now does anybody rely on it
        assert cache.find(KIND, list(kept)) == kept
assert report.warnings == [], report.warnings
"""


def writer(folder: Path, first: int, step: int, last: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(folder), str(first), str(step), str(last)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def batch(number: int) -> dict[bytes, bytes]:
    return truth(range(BATCH * number, BATCH * (number + 1)), 5000)


def test_a_kill_loses_the_batch_in_flight_and_no_other(tmp_path: Path) -> None:
    lots, done, report = random.Random(0), 0, Report()
    for _ in range(15):
        before = done
        process = writer(tmp_path, done, 1, 1_000_000)
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lots.randrange(2, 6))]  # a line for each batch that is kept
        time.sleep(lots.random() * 0.02)  # anywhere in the next one
        process.send_signal(signal.SIGKILL)
        said += process.communicate()[0].split()
        assert process.returncode == -signal.SIGKILL
        done = max([done, *(int(line) for line in said if line.strip().isdigit())]) + 1
        with opened(tmp_path, report) as cache:
            for number in range(before, done):
                assert cache.find(KIND, list(batch(number))) == batch(number)
            in_flight = cache.find(KIND, list(batch(done)))
            assert in_flight in ({}, batch(done))  # whole or not at all
            done += bool(in_flight)
            assert cache.find(KIND, list(batch(done))) == {}
    with opened(tmp_path, report) as cache:
        everything = truth(range(BATCH * done), 5000)
        assert cache.find(KIND, list(everything)) == everything
    assert report.warnings == []
    assert done >= 30


def test_four_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """The same and different batches, into a database that none of them finds there."""
    writers = [writer(tmp_path, first, step, 24) for first, step in ((0, 1), (0, 1), (0, 2), (1, 3))]
    for process in writers:
        _, errors = process.communicate(timeout=HANGS)
        assert process.returncode == 0, errors.decode()
    report = Report()
    with opened(tmp_path, report) as cache:
        for number in range(24):
            assert cache.find(KIND, list(batch(number))) == batch(number)
        kept = cache.attempt(lambda it: it.execute("SELECT count(*) FROM payloads").fetchone(), None)
    assert kept == (24 * BATCH,)
    assert report.warnings == []
    assert [path.name for path in tmp_path.glob("embeddings*")] == ["embeddings-1.sqlite"]


def test_two_that_find_it_damaged_begin_one_fresh_database(tmp_path: Path) -> None:
    (tmp_path / "embeddings-1.sqlite").write_text("no database" * 100)
    with opened(tmp_path) as one, opened(tmp_path) as other:
        one.keep(KIND, list(batch(1).items()))
        assert other.find(KIND, list(batch(1))) == batch(1)
    assert not (tmp_path / "embeddings-3.sqlite").exists()

"""What is kept is found again, and a cache that cannot be used costs nothing but time."""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.embedding_cache.planted import KIND, digest, opened, payload, truth, write_files
from visrec_cli.runtime.embedding_cache import contents, database, rows
from visrec_cli.runtime.embedding_cache.embeddings import open_cache
from visrec_cli.runtime.report import Report


def test_what_is_kept_is_found_by_the_next_run(tmp_path: Path) -> None:
    kept = truth(range(2500))  # more than one statement takes
    with opened(tmp_path) as cache:
        assert cache.find(KIND, list(kept)) == {}
        cache.keep(KIND, list(kept.items()))
    with opened(tmp_path) as cache:
        assert cache.find(KIND, list(kept)) == kept
        assert cache.find(KIND, [digest(7), digest(9999), digest(7)]) == {digest(7): payload(7)}
        assert cache.find(KIND, []) == {}


def test_kinds_do_not_mix(tmp_path: Path) -> None:
    with opened(tmp_path) as cache:
        cache.keep("a", [(digest(1), b"of a")])
        cache.keep("b", [(digest(1), b"of b"), (digest(2), b"")])
        assert cache.find("a", [digest(1), digest(2)]) == {digest(1): b"of a"}
        assert cache.find("b", [digest(1), digest(2)]) == {digest(1): b"of b", digest(2): b""}
        assert cache.find("c", [digest(1)]) == {}


def test_who_came_first_is_right(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        one.keep(KIND, [(digest(1), b"first")])
        other.keep(KIND, [(digest(1), b"second"), (digest(2), b"new"), (digest(2), b"new")])
        assert one.find(KIND, [digest(1), digest(2)]) == {digest(1): b"first", digest(2): b"new"}
        assert other.attempt(lambda it: it.execute("SELECT count(*) FROM payloads").fetchone(), None) == (2,)


def test_files_and_vectors_are_kept_together(tmp_path: Path) -> None:
    files = write_files(tmp_path / "imgs", range(1200))
    with opened(tmp_path / "cache") as cache:
        cache.keep(KIND, list(truth(range(1200)).items()), files)
        assert cache.known([stamp for stamp, _ in files]) == [digest(number) for number in range(1200)]
        assert cache.known([files[5][0], files[2][0], files[5][0]]) == [digest(5), digest(2), digest(5)]


def test_a_rerun_writes_nothing_and_the_first_of_a_day_only_the_day(tmp_path: Path, monkeypatch) -> None:
    def rerun() -> int:
        with opened(tmp_path) as cache:
            assert len(cache.find(KIND, list(truth(range(50))))) == 50
            assert [held.used for held in cache.attempt(contents.days, [])] == [rows._today()]
            return cache.attempt(lambda connection: connection.total_changes, -1)

    with opened(tmp_path) as cache:
        cache.keep(KIND, list(truth(range(50)).items()))
    assert rerun() == 0
    tomorrow = rows._today() + 1
    monkeypatch.setattr(rows, "_today", lambda: tomorrow)
    assert rerun() == 50
    assert rerun() == 0


def test_threads_share_one_cache(tmp_path: Path) -> None:
    wrong = []

    def work(cache, start: int) -> None:
        for first in range(start, start + 200, 20):
            kept = truth(range(first, first + 20))
            cache.keep(KIND, list(kept.items()))
            if cache.find(KIND, list(kept)) != kept:
                wrong.append(first)

    with opened(tmp_path) as cache:
        threads = [threading.Thread(target=work, args=(cache, 100 * i)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert cache.find(KIND, list(truth(range(500)))) == truth(range(500))


@pytest.mark.parametrize("place", ["/dev/null/x", "/proc/self", "file"])
def test_where_nothing_can_be_written_it_is_said_once_and_there_is_no_cache(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    report = Report()
    assert open_cache(tmp_path / place, report) is None
    assert len(report.warnings) == 1
    assert f"the cache in {tmp_path / place} cannot be used" in report.warnings[0]
    assert report.warnings[0].endswith("this run continues without it")


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder in which this process, for the length of a test, is somebody who may not write everywhere."""
    before = os.geteuid()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        if before == 0:
            os.chown(name, 65534, -1)
            os.seteuid(65534)
        yield Path(name)
        os.seteuid(before)


@pytest.mark.parametrize("filled", [False, True])
def test_a_read_only_folder_is_no_cache(unprivileged: Path, filled: bool) -> None:
    folder, report = unprivileged / "cache", Report()
    folder.mkdir()
    if filled:
        with opened(folder) as cache:
            cache.keep(KIND, [(digest(1), b"vector")])
    for path in [*folder.iterdir(), folder]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    assert open_cache(folder, report) is None
    assert len(report.warnings) == 1
    assert "cannot be used" in report.warnings[0]
    folder.chmod(0o700)
    assert not list(folder.glob("*.damaged"))


def test_a_full_disk_turns_it_off_and_what_was_kept_stays(tmp_path: Path) -> None:
    report = Report()
    with opened(tmp_path, report) as cache:
        cache.keep(KIND, [(digest(1), b"vector")])
        cache.attempt(lambda connection: connection.execute("PRAGMA max_page_count = 12"), None)
        cache.keep(KIND, list(truth(range(500)).items()))
        assert not cache.works()
        cache.keep(KIND, list(truth(range(500)).items()))
        assert cache.find(KIND, [digest(1)]) == {}
        assert cache.known(write_files(tmp_path / "imgs", range(1))[0][:1]) == [None]
    assert len(report.warnings) == 1
    assert "full" in report.warnings[0]
    with opened(tmp_path) as cache:
        assert cache.find(KIND, list(truth(range(500)))) == {digest(1): b"vector"}


def test_one_that_is_locked_for_long_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    report = Report()
    with opened(tmp_path, report) as cache:
        cache.keep(KIND, [(digest(1), b"vector")])
        holder = sqlite3.connect(tmp_path / "embeddings-1.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        assert cache.find(KIND, [digest(1)]) == {digest(1): b"vector"}  # who reads need not wait
        cache.keep(KIND, [(digest(2), b"vector")])
        holder.close()
    assert len(report.warnings) == 1
    assert "locked" in report.warnings[0]
    assert not list(tmp_path.glob("*.damaged"))


def test_a_file_system_that_cannot_share_is_no_cache(tmp_path: Path, monkeypatch) -> None:
    real = sqlite3.connect

    class Unshared(sqlite3.Connection):
        def execute(self, sql: str, *rest):  # what SQLite answers where it cannot map memory between processes
            return super().execute(sql.replace("journal_mode = WAL", "journal_mode"), *rest)

    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: real(*given, factory=Unshared, **more))
    report = Report()
    assert open_cache(tmp_path, report) is None
    assert "cannot share" in report.warnings[0]


def test_a_closed_cache_finds_nothing(tmp_path: Path) -> None:
    report = Report()
    cache = opened(tmp_path, report)
    cache.close()
    cache.close()
    cache.keep(KIND, [(digest(1), b"vector")])
    assert cache.find(KIND, [digest(1)]) == {}
    assert report.warnings == []


def test_without_a_folder_it_is_the_user_s(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "mine"))
    with opened(None) as cache:  # type: ignore[arg-type]
        cache.keep(KIND, [(digest(1), b"vector")])
    assert (tmp_path / "mine" / "embeddings-1.sqlite").is_file()

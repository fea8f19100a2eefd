"""A damaged cache never gives a wrong payload, is set aside with a word, and the same run goes on with a fresh one."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.runtime.embedding_cache.planted import KIND, digest, opened, payload, truth, write_files
from visrec_cli.runtime.embedding_cache.file_stamps import Stamp
from visrec_cli.runtime.report import Report

NUMBERS = range(40)
KEPT = truth(NUMBERS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[tuple[Stamp, bytes]]]:
    """A closed cache, one that was copied while it was open (with its log), and the files that both know."""
    folder = tmp_path_factory.mktemp("whole")
    files = write_files(folder / "imgs", NUMBERS)
    cache = opened(folder / "closed")
    for start in range(0, len(NUMBERS), 8):
        part = range(start, start + 8)
        cache.keep(KIND, list(truth(part).items()), files[start : start + 8])
    shutil.copytree(folder / "closed", folder / "open")
    cache.close()
    assert (folder / "open" / "embeddings-1.sqlite-wal").stat().st_size > 100_000
    return folder / "closed", folder / "open", files


def use(folder: Path, files: list[tuple[Stamp, bytes]]) -> Report:
    """A run, and another if a fault shows only after something was kept; nothing wrong, and all there at the end."""
    report = Report()
    stamps, right = [stamp for stamp, _ in files], [digest(number) for number in NUMBERS]
    for _ in range(2):
        with opened(folder, report) as cache:
            for known, is_right in zip(cache.known(stamps), right, strict=True):
                assert known in (None, is_right)
            assert cache.find(KIND, list(KEPT)).items() <= KEPT.items()
            assert cache.find("another kind", list(KEPT)) == {}
            cache.keep(KIND, list(KEPT.items()), files)
            assert cache.find(KIND, list(KEPT)).items() <= KEPT.items()
            assert cache.works()
    with opened(folder, report) as cache:
        assert cache.find(KIND, list(KEPT)) == KEPT
        assert cache.known(stamps) == right
    return report


def spoil(way: str, data: bytearray, lots: random.Random) -> None:
    if way == "a bit":
        place = lots.randrange(len(data) if lots.random() < 0.7 else 200)
        data[place] ^= 1 << lots.randrange(8)
    elif way == "many bytes":
        for _ in range(40):
            data[lots.randrange(len(data))] = lots.randrange(256)
    elif way == "cut":
        del data[lots.randrange(len(data)) :]
    elif way == "zeros":
        start = lots.randrange(len(data))
        data[start : start + 4096] = bytes(len(data[start : start + 4096]))
    else:
        here, there = (16384 * lots.randrange(len(data) // 16384) for _ in range(2))
        data[here : here + 16384] = data[there : there + 16384]


@pytest.mark.parametrize("way", ["a bit", "many bytes", "cut", "zeros", "a page elsewhere"])
@pytest.mark.parametrize("log", [False, True], ids=["database", "log"])
def test_spoilt_bytes_never_give_a_wrong_payload(tmp_path: Path, whole, way: str, log: bool) -> None:
    lots, said = random.Random(f"{way} {log}"), 0
    for trial in range(10):
        folder = tmp_path / str(trial)
        shutil.copytree(whole[1] if log else whole[0], folder)
        file = folder / ("embeddings-1.sqlite-wal" if log else "embeddings-1.sqlite")
        data = bytearray(file.read_bytes())
        spoil(way, data, lots)
        file.write_bytes(data)
        report = use(folder, whole[2])
        aside = sorted(folder.glob("embeddings-*.damaged"))
        assert len(report.warnings) == len(aside)
        for warning, mark in zip(report.warnings, aside, strict=True):
            assert "was damaged" in warning
            assert str(mark.with_suffix(".sqlite")) in warning
        said += len(aside)
    if way == "many bytes" and not log:
        assert said >= 7  # so much is seldom overlooked: the trials do damage what is read


def rewritten(folder: Path, *statements: str) -> None:
    """As a fault would that SQLite cannot see."""
    connection = sqlite3.connect(folder / "embeddings-1.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE entries SET payload = 41 - payload"],  # everybody has somebody else's
        ["UPDATE payloads SET bytes = (SELECT bytes FROM payloads WHERE number = 1)"],
        ["UPDATE payloads SET bytes = (SELECT bytes FROM payloads WHERE number = 1), "
         "checksum = (SELECT checksum FROM payloads WHERE number = 1)"],
        ["UPDATE payloads SET bytes = substr(bytes, 2)"],
        ["UPDATE payloads SET bytes = 'text'"],
        ["UPDATE payloads SET checksum = zeroblob(16)"],
        ["DELETE FROM payloads"],
        ["UPDATE kinds SET name = 'another kind'"],
        ["UPDATE files SET digest = (SELECT max(digest) FROM files)"],
        ["UPDATE files SET checksum = 7"],
        ["DROP TABLE payloads"],
        ["ALTER TABLE files ADD COLUMN mood"],
        ["PRAGMA user_version = 2"],
        ["PRAGMA application_id = 7"],
    ],
)  # fmt: skip
def test_well_formed_lies_are_recognised(tmp_path: Path, whole, statements: list[str]) -> None:
    shutil.copytree(whole[0], tmp_path / "cache")
    rewritten(tmp_path / "cache", *statements)
    report = use(tmp_path / "cache", whole[2])
    assert len(report.warnings) == 1
    assert str(tmp_path / "cache" / "embeddings-1.sqlite") in report.warnings[0]


def test_a_newer_format_is_named_and_its_database_stays_as_it_is(tmp_path: Path, whole) -> None:
    shutil.copytree(whole[0], tmp_path / "cache")
    rewritten(tmp_path / "cache", "PRAGMA user_version = 2")
    before = (tmp_path / "cache" / "embeddings-1.sqlite").read_bytes()
    assert "it has format 2, this visrec writes 1" in use(tmp_path / "cache", whole[2]).warnings[0]
    assert (tmp_path / "cache" / "embeddings-1.sqlite").read_bytes() == before


def test_rows_that_are_taken_and_not_given_back_are_noticed(tmp_path: Path) -> None:
    """Zeros over keys of a page: SQLite sees no fault and looks for the rest where it cannot be."""
    files = write_files(tmp_path / "imgs", range(60))
    with opened(tmp_path / "cache") as cache:
        cache.remember(files[:50])
    file = tmp_path / "cache" / "embeddings-1.sqlite"
    data = bytearray(file.read_bytes())
    start = min(data.find(stamp.path) for stamp, _ in files[:50])
    data[start : start + 1500] = bytes(1500)
    file.write_bytes(data)
    report = Report()
    with opened(tmp_path / "cache", report) as cache:
        cache.remember(files)
    with opened(tmp_path / "cache", report) as cache:
        assert cache.known([stamp for stamp, _ in files]) == [known for _, known in files]
    assert len(report.warnings) == 1


@pytest.mark.parametrize("content", [b"", b"A text.\n" * 300, b"SQLite format 3\0", bytes(40_000)])
def test_what_is_no_database_is_set_aside(tmp_path: Path, whole, content: bytes) -> None:
    (tmp_path / "embeddings-1.sqlite").write_bytes(content)
    report = use(tmp_path, whole[2])
    assert len(report.warnings) == bool(content)  # an empty file is a database that was not begun
    if content:
        assert (tmp_path / "embeddings-1.sqlite").read_bytes() == content
        assert (tmp_path / "embeddings-1.damaged").read_text().strip()


def test_damage_while_it_is_used_is_found_and_said_once(tmp_path: Path) -> None:
    report = Report()
    with opened(tmp_path, report) as cache, opened(tmp_path) as other:
        cache.keep(KIND, list(KEPT.items()))
        rewritten(tmp_path, "UPDATE payloads SET checksum = zeroblob(16) WHERE number = 7")
        assert cache.find(KIND, list(KEPT)) == {}
        cache.keep(KIND, [(digest(7), payload(7))])
        assert cache.find(KIND, list(KEPT)) == {digest(7): payload(7)}
        assert other.find(KIND, [digest(8)]) == {digest(8): payload(8)}  # what it reads there is still right
        assert other.find(KIND, [digest(7)]) == {digest(7): payload(7)}  # and now it has changed over
    assert len(report.warnings) == 1
    assert [path.name for path in sorted(tmp_path.glob("emb*"))] == [
        "embeddings-1.damaged",
        "embeddings-1.sqlite",
        "embeddings-2.sqlite",
    ]


def test_where_it_cannot_be_set_aside_the_cache_is_not_used(tmp_path: Path, monkeypatch) -> None:
    with opened(tmp_path) as cache:
        cache.keep(KIND, list(KEPT.items()))
    rewritten(tmp_path, "DELETE FROM payloads")
    (tmp_path / "embeddings-1.damaged").symlink_to(tmp_path / "nowhere" / "else")
    report = Report()
    with opened(tmp_path, report) as cache:
        assert cache.find(KIND, list(KEPT)) == {}
        assert not cache.works()
    assert len(report.warnings) == 1
    assert "cannot be used" in report.warnings[0]

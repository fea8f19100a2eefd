"""What is kept is told, pruned from the longest unused on, and cleared; nothing else is touched."""

import os
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.runtime.embedding_cache.planted import KIND, digest, opened, truth, write_files
from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.runtime.embedding_cache import rows
from visrec_cli.runtime.folders import cache_dir, is_cache
from visrec_cli.runtime.report import Report
from visrec_cli.stages.cache import clear, info, prune

SIZE = 5000  # bytes of a payload
TODAY = int(time.time() // 86_400)


def keep(folder: Path, numbers: range, monkeypatch: pytest.MonkeyPatch, *, days_ago: int = 0, kind: str = KIND) -> None:
    monkeypatch.setattr(rows, "_today", lambda: TODAY - days_ago)
    with opened(folder) as cache:
        cache.keep(kind, list(truth(numbers, SIZE).items()))
    monkeypatch.setattr(rows, "_today", lambda: TODAY)


def put(file: Path, size: int, *, days_ago: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    os.utime(file, (time.time() - 86_400 * days_ago,) * 2)
    return file


def there(folder: Path, numbers: range, kind: str = KIND) -> set[int]:
    with opened(folder) as cache:
        found = cache.find(kind, [digest(number) for number in numbers])
    assert found.items() <= truth(numbers, SIZE).items()
    return {number for number in numbers if digest(number) in found}


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG")


def test_info_counts_what_was_put_there(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "cache"
    keep(folder, range(30), monkeypatch, days_ago=3)
    keep(folder, range(10), monkeypatch, kind="minilm")
    with opened(folder) as cache:
        cache.remember(write_files(tmp_path / "imgs", range(7)))
    put(folder / "indexes" / "annoy-1.index", 1000, days_ago=5)
    put(folder / "indexes" / "annoy-1.json", 10, days_ago=4)
    put(folder / "models" / "lite0.onnx", 500)
    put(folder / "models" / "clip" / "weights", 600, days_ago=2)
    put(folder / "embeddings-0.sqlite", 400)
    (folder / "embeddings-0.damaged").write_text("a reason\n")
    found = info(folder)
    assert [(one.part, one.name, one.count, one.bytes, TODAY - one.used) for one in found.parts] == [
        ("embeddings", KIND, 30, 30 * SIZE, 3),
        ("embeddings", "minilm", 10, 10 * SIZE, 0),
        ("indexes", "", 1, 1010, 4),
        ("models", "", 2, 1100, 0),
        ("set aside", "embeddings-0.sqlite: a reason", 1, 409, 0),
    ]
    assert found.files == 7
    assert found.bytes == on_disk(folder)


def test_an_empty_cache_is_none_the_less_one(tmp_path: Path) -> None:
    assert (info(tmp_path).parts, info(tmp_path).files, info(tmp_path).bytes) == ([], 0, 0)
    assert list(tmp_path.iterdir()) == []
    assert info().folder == cache_dir()


def test_pruning_by_size_takes_the_longest_unused_first(tmp_path: Path, monkeypatch) -> None:
    for group, days_ago in enumerate((30, 20, 10)):
        keep(tmp_path, range(200 * group, 200 * (group + 1)), monkeypatch, days_ago=days_ago)
    put(tmp_path / "indexes" / "old.index", 100_000, days_ago=40)
    put(tmp_path / "indexes" / "new.index", 100_000, days_ago=1)
    there(tmp_path, range(50))  # used today, although kept first
    limit = on_disk(tmp_path) - 100_000 - 250 * SIZE
    gone = prune(tmp_path, max_bytes=limit)
    assert on_disk(tmp_path) == gone.left <= limit
    assert gone.left > 0.75 * limit  # no more than need be
    assert sorted(path.name for path in (tmp_path / "indexes").iterdir()) == ["new.index"]
    assert gone.counts["indexes"] == 1
    left = there(tmp_path, range(600))
    assert set(range(50)) <= left
    assert set(range(400, 600)) <= left
    assert not left & set(range(50, 200))
    assert gone.counts["embeddings"] == 600 - len(left)


def test_a_cache_that_is_small_enough_loses_only_what_is_of_no_use(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "cache"
    keep(folder, range(20), monkeypatch, days_ago=400)
    files = write_files(tmp_path / "imgs", range(20))
    with opened(folder) as cache:
        cache.remember(files)
    for number in range(5):
        (tmp_path / "imgs" / f"{number}.jpg").unlink()
    (folder / "embeddings-1.damaged").write_text("as if\n")
    keep(folder, range(20), monkeypatch)
    with opened(folder) as cache:
        cache.remember(files)
    gone = prune(folder, max_bytes=10**9)
    assert {part: count for part, count in gone.counts.items() if count} == {"files": 5, "set aside": 1}
    assert sorted(path.name for path in folder.glob("emb*")) == ["embeddings-2.sqlite"]
    assert there(folder, range(20)) == set(range(20))
    with opened(folder) as cache:
        assert cache.known([stamp for stamp, _ in files]) == [None] * 5 + [digest(number) for number in range(5, 20)]


def test_a_picture_in_an_archive_is_there_as_long_as_the_archive_is(tmp_path: Path) -> None:
    stamp = write_files(tmp_path, range(1))[0][0]
    for name in ("whole.zip", "lost.zip"):
        put(tmp_path / name, 10)
    members = [stamp._replace(path=os.fsencode(tmp_path / f"{name}.zip::a.jpg")) for name in ("whole", "lost")]
    with opened(tmp_path / "cache") as cache:
        cache.remember([(member, digest(1)) for member in members])
    (tmp_path / "lost.zip").unlink()
    assert prune(tmp_path / "cache", max_bytes=10**9).counts["files"] == 1
    with opened(tmp_path / "cache") as cache:
        assert cache.known(members) == [digest(1), None]


def test_what_another_run_is_writing_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    (tmp_path / "CACHEDIR.TAG").touch()
    put(tmp_path / "models" / ".new-now" / "model.onnx", 10)
    put(tmp_path / "models" / ".new-then" / "model.onnx", 10, days_ago=1)
    assert clear(tmp_path).counts["models"] == 1
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".new-now"]


def test_pruning_by_age(tmp_path: Path, monkeypatch) -> None:
    keep(tmp_path, range(10), monkeypatch, days_ago=31)
    keep(tmp_path, range(10, 20), monkeypatch, days_ago=30)
    put(tmp_path / "models" / "old" / "weights", 100, days_ago=31)
    put(tmp_path / "models" / "new" / "weights", 100, days_ago=30)
    gone = prune(tmp_path, max_days=30)
    assert dict(gone.counts) == {"files": 0, "embeddings": 10, "models": 1}
    assert there(tmp_path, range(20)) == set(range(10, 20))
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["new"]


def test_an_index_and_its_manifest_go_together_by_the_later_use(tmp_path: Path) -> None:
    (tmp_path / "CACHEDIR.TAG").touch()
    for name, days_ago in (("a", 9), ("b", 5)):
        put(tmp_path / "indexes" / f"{name}.index", 1000, days_ago=20)
        put(tmp_path / "indexes" / f"{name}.json", 10, days_ago=days_ago)
    prune(tmp_path, max_bytes=1500)
    assert sorted(path.name for path in (tmp_path / "indexes").iterdir()) == ["b.index", "b.json"]


def test_clear_leaves_an_empty_database_and_what_visrec_did_not_make(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "cache"
    keep(folder, range(300), monkeypatch)
    put(folder / "indexes" / "a.index", 100)
    put(folder / "kernels" / "0.1.0" / "loops" / "a.nbi", 100)
    strangers = [put(folder / "photos" / "mine.jpg", 10), put(folder / "notes.txt", 10), put(folder / "a.sqlite", 10)]
    elsewhere = put(tmp_path / "elsewhere" / "kept", 10)
    (folder / "models").mkdir()
    (folder / "models" / "linked").symlink_to(elsewhere.parent)
    gone = clear(folder)
    assert dict(gone.counts) == {"embeddings": 300, "files": 0, "indexes": 1, "kernels": 1, "models": 1}
    assert all(path.stat().st_size == 10 for path in [*strangers, elsewhere])
    assert sorted(path.name for path in folder.iterdir()) == [
        "CACHEDIR.TAG", "a.sqlite", "embeddings-1.sqlite", "notes.txt", "photos",
    ]  # fmt: skip
    assert gone.left == (folder / "embeddings-1.sqlite").stat().st_size < 200_000
    assert there(folder, range(300)) == set()


def test_in_a_folder_with_other_things_only_our_embeddings_are_cleared(tmp_path: Path, monkeypatch) -> None:
    """--cache named it by mistake: it has a folder that is called as one of ours is."""
    precious = [put(tmp_path / "models" / "phd.bin", 10), put(tmp_path / "indexes" / "book.txt", 10)]
    keep(tmp_path, range(5), monkeypatch)
    assert not is_cache(tmp_path)
    assert [one.part for one in info(tmp_path).parts] == ["embeddings"]
    report = Report()
    prune(tmp_path, max_bytes=0, report=report)
    clear(tmp_path, report=report)
    assert all(path.exists() for path in precious)
    assert report.warnings == [
        f"{tmp_path} contained other files before visrec used it, so indexes and models in it are kept"
    ]
    assert there(tmp_path, range(5)) == set()


def test_a_database_of_somebody_else_with_our_name_is_never_removed(tmp_path: Path, monkeypatch) -> None:
    with sqlite3.connect(tmp_path / "embeddings-1.sqlite") as theirs:
        theirs.execute("CREATE TABLE precious (number)")
    theirs.close()
    before = (tmp_path / "embeddings-1.sqlite").read_bytes()
    with pytest.raises(InputError, match="not a cache of visrec"):
        clear(tmp_path)
    keep(tmp_path, range(5), monkeypatch)
    prune(tmp_path, max_bytes=0)
    assert clear(tmp_path).counts["set aside"] == 0
    assert (tmp_path / "embeddings-1.sqlite").read_bytes() == before


def test_what_is_no_cache_is_refused_and_stays(tmp_path: Path, monkeypatch) -> None:
    photo = put(tmp_path / "photos" / "models" / "me.jpg", 10)
    for stage in (info, prune, clear):
        with pytest.raises(InputError, match="not a cache of visrec"):
            stage(tmp_path / "photos")
        with pytest.raises(InputError):
            stage(photo)
        with pytest.raises(MissingInputError):
            stage(tmp_path / "none")
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "photos"))  # said to be one, and it holds nothing of ours
    assert clear().left == 0
    assert photo.exists()


def test_a_damaged_database_is_said_and_goes_with_the_next(tmp_path: Path, monkeypatch) -> None:
    keep(tmp_path, range(5), monkeypatch)
    (tmp_path / "embeddings-1.sqlite").write_text("not any more" * 50)
    report = Report()
    assert [one.name for one in info(tmp_path, report=report).parts] == ["embeddings-1.sqlite: file is not a database"]
    assert len(report.warnings) == 1
    assert clear(tmp_path, report=report).counts["set aside"] == 1
    assert len(report.warnings) == 1
    assert [path.name for path in tmp_path.glob("emb*")] == ["embeddings-2.sqlite"]


def test_a_run_goes_on_while_the_cache_is_pruned_and_cleared(tmp_path: Path) -> None:
    writer = f"""
from tests.runtime.embedding_cache.planted import KIND, opened, truth
from visrec_cli.runtime.report import Report
from pathlib import Path
report = Report()
with opened(Path({str(tmp_path)!r}), report) as cache:
    for first in range(0, 6000, 20):
        kept = truth(range(first, first + 20), {SIZE})
        cache.keep(KIND, list(kept.items()))
        assert cache.find(KIND, list(kept)).items() <= kept.items()
        print(first, flush=True)
assert report.warnings == [], report.warnings
"""
    process = subprocess.Popen([sys.executable, "-c", writer], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    report, removed, passes = Report(), 0, 0
    while process.poll() is None:
        removed += prune(tmp_path, max_bytes=300_000, report=report).counts["embeddings"]
        removed += clear(tmp_path, report=report).counts["embeddings"]
        info(tmp_path, report=report)
        passes += 1
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    assert report.warnings == []
    assert removed > 20
    assert passes > 1
    assert there(tmp_path, range(6000)) <= set(range(6000))


def test_the_folder_of_the_variable_is_marked_unless_it_holds_other_things(tmp_path: Path, monkeypatch) -> None:
    put(tmp_path / "full" / "mine", 1)
    put(tmp_path / "volume" / "lost+found" / "x", 1)
    (tmp_path / "empty").mkdir()
    for name, marked in (("full", False), ("volume", True), ("empty", True), ("new", True)):
        monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / name))
        assert is_cache(cache_dir()) is marked
    assert (tmp_path / "new" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_days_are_told_as_dates(tmp_path: Path, monkeypatch) -> None:
    keep(tmp_path, range(1), monkeypatch)
    assert date.fromordinal(date(1970, 1, 1).toordinal() + info(tmp_path).parts[0].used) in (
        date.today(),
        date.fromordinal(date.today().toordinal() - 1),
        date.fromordinal(date.today().toordinal() + 1),
    )

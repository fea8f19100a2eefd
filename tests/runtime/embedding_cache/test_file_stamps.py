"""A file is known without being read only when a change would show."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.runtime.embedding_cache.planted import LONG_AGO, opened
from visrec_cli.runtime.embedding_cache import file_stamps
from visrec_cli.runtime.embedding_cache.file_stamps import stamp_of

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"first")
    os.utime(file, (LONG_AGO, LONG_AGO))
    return file


def known(folder: Path, file: Path) -> bytes | None:
    with opened(folder) as cache:
        return cache.known([stamp_of(file)])[0]


def remember(folder: Path, file: Path, digest: bytes) -> None:
    with opened(folder) as cache:
        cache.remember([(stamp_of(file), digest)])


def set_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(file_stamps, "time", SimpleNamespace(time_ns=lambda: int(seconds * 1e9)))


def test_an_unchanged_file_is_known_by_whatever_path_leads_to_it(tmp_path, photo, monkeypatch) -> None:
    remember(tmp_path / "cache", photo, OLD)
    assert known(tmp_path / "cache", photo) == OLD
    monkeypatch.chdir(tmp_path)
    assert known(tmp_path / "cache", Path("photo.jpg")) == OLD
    assert known(tmp_path / "cache", Path("cache/../photo.jpg")) == OLD


def test_a_name_that_is_no_text_is_known_too(tmp_path, photo) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg"))
    photo.rename(odd)
    remember(tmp_path / "cache", odd, OLD)
    assert known(tmp_path / "cache", odd) == OLD


def test_another_size_time_or_inode_is_another_file(tmp_path, photo) -> None:
    def changed(how) -> None:
        remember(tmp_path / "cache", photo, OLD)
        assert known(tmp_path / "cache", photo) == OLD
        how()
        assert known(tmp_path / "cache", photo) is None

    def grown() -> None:
        photo.write_bytes(b"longer")
        os.utime(photo, (LONG_AGO, LONG_AGO))

    def replaced() -> None:
        (tmp_path / "other.jpg").write_bytes(photo.read_bytes())
        os.utime(tmp_path / "other.jpg", (LONG_AGO, LONG_AGO))
        (tmp_path / "other.jpg").rename(photo)

    changed(grown)
    changed(lambda: os.utime(photo, (LONG_AGO, LONG_AGO + 1)))
    changed(replaced)


def test_a_change_whose_time_was_put_back_is_seen(tmp_path, photo) -> None:
    """As cp -p does, or a tool that keeps the times of what it edits: size, time and inode are what they were."""
    before = photo.stat()
    remember(tmp_path / "cache", photo, OLD)
    photo.write_bytes(b"other")
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = photo.stat()
    same = [(one.st_size, one.st_mtime_ns, one.st_ino, one.st_dev) for one in (before, after)]
    assert same[0] == same[1]
    assert known(tmp_path / "cache", photo) is None


@pytest.mark.parametrize(("seconds_later", "trusted"), [(-3600, False), (0, False), (1.9, False), (2.1, True)])
def test_a_file_read_within_the_grain_of_its_change_is_read_again(
    tmp_path, photo, monkeypatch, seconds_later, trusted
) -> None:
    """It may change once more without another time: only what was read when the clock had moved on is trusted."""
    set_clock(monkeypatch, LONG_AGO + seconds_later)
    remember(tmp_path / "cache", photo, OLD)
    assert known(tmp_path / "cache", photo) == (OLD if trusted else None)


def test_a_second_change_within_the_grain_is_not_missed(tmp_path, photo, monkeypatch) -> None:
    """The race itself, on a file system that counts in steps of two seconds and has no other times."""

    class Coarse:
        st_mtime_ns = LONG_AGO * 10**9
        st_ctime_ns = 0
        st_dev = 1

        def __init__(self, path: Path) -> None:
            self.st_size, self.st_ino = Path(path).stat().st_size, Path(path).stat().st_ino

    monkeypatch.setattr(file_stamps, "os", SimpleNamespace(stat=Coarse, fsencode=os.fsencode, path=os.path))
    set_clock(monkeypatch, LONG_AGO + 0.5)
    remember(tmp_path / "cache", photo, OLD)  # read half a second after its change …
    photo.write_bytes(b"other")  # … and changed again in the second half
    set_clock(monkeypatch, LONG_AGO + 3600)
    assert known(tmp_path / "cache", photo) is None
    remember(tmp_path / "cache", photo, NEW)
    assert known(tmp_path / "cache", photo) == NEW


def test_what_is_remembered_anew_replaces_what_was(tmp_path, photo) -> None:
    remember(tmp_path / "cache", photo, OLD)
    photo.write_bytes(b"second")
    os.utime(photo, (LONG_AGO, LONG_AGO))
    remember(tmp_path / "cache", photo, NEW)
    assert known(tmp_path / "cache", photo) == NEW


def test_of_two_looks_at_one_file_the_later_counts(tmp_path, photo) -> None:
    first = stamp_of(photo)
    photo.write_bytes(b"second")
    os.utime(photo, (LONG_AGO, LONG_AGO))
    with opened(tmp_path / "cache") as cache:
        cache.remember([(first, OLD), (stamp_of(photo), NEW)])
        assert cache.known([first, stamp_of(photo)]) == [None, NEW]
        assert cache.works()
    assert not list((tmp_path / "cache").glob("*.damaged"))


def test_copies_and_renamed_files_are_read_and_their_vectors_are_there(tmp_path, photo) -> None:
    with opened(tmp_path / "cache") as cache:
        cache.keep("kind", [(OLD, b"vector")], [(stamp_of(photo), OLD)])
        shutil.copy2(photo, tmp_path / "copy.jpg")
        photo.rename(tmp_path / "renamed.jpg")
        paths = [tmp_path / "copy.jpg", tmp_path / "renamed.jpg"]
        assert cache.known([stamp_of(path) for path in paths]) == [None, None]
        assert cache.find("kind", [OLD]) == {OLD: b"vector"}


def test_a_file_that_is_gone_raises_as_stat_does(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        stamp_of(tmp_path / "none.jpg")

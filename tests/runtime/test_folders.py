from pathlib import Path

import pytest

from visrec_cli.runtime.folders import cache_dir


def test_the_cache_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "a" / "b"))
    assert cache_dir() == tmp_path / "a" / "b"
    assert cache_dir().is_dir()


def test_an_unwritable_or_unknown_home_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISREC_CACHE_DIR", "/dev/null/x")
    assert cache_dir().is_dir()

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.contracts.index_suite import IndexSuite, planted, unit
from visrec_cli.errors import UnavailableError
from visrec_cli.indexes.exact_scores import NOTHING
from visrec_cli.indexes.recall import calibrate
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "indexes"


def make(name: str, **settings: Any) -> Any:
    pytest.importorskip(name)
    if name == "annoy":
        from visrec_cli.indexes.annoy import AnnoyIndex

        return AnnoyIndex(**settings)
    from visrec_cli.indexes.faiss import FaissIndex

    return FaissIndex(**settings)


def make_and_build(vectors: np.ndarray, **settings: Any) -> Any:
    index = make("faiss", **settings)
    index.build(vectors)
    return index


class TestAnnoyIndex(IndexSuite):
    recall = 0.9

    def make(self) -> Any:
        return make("annoy")


class TestFaissIndex(IndexSuite):
    def make(self) -> Any:
        return make("faiss")


class TestFaissCells(IndexSuite):
    recall = 0.9

    def make(self) -> Any:
        return make("faiss", nlist=4, nprobe=3)

    def test_k_beyond_the_catalogue_gives_the_whole_catalogue(self) -> None:
        vectors = planted(groups=2, each=3)
        scores, rows = make_and_build(vectors, nlist=6, nprobe=2).search(vectors[:2], 50)
        assert rows.shape == (2, 6)
        for line, values in zip(rows.tolist(), scores.tolist(), strict=True):
            found = [row for row in line if row != NOTHING]
            assert 1 <= len(found) == len(set(found)) < 6  # the cells that were not visited hold the rest
            assert line[len(found) :] == [NOTHING] * (6 - len(found))
            assert values[len(found) :] == [float("-inf")] * (6 - len(found))


both = pytest.mark.parametrize("name", ["annoy", "faiss"])


@both
def test_the_second_run_takes_the_index_from_the_cache(name: str, cache: Path) -> None:
    vectors, report = planted(), Report()
    first = make(name, report=report)
    first.build(vectors)
    files = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert sorted(path.suffix for path in files) == [".index", ".json"]
    second = make(name, report=report)
    second.build(vectors)
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == files
    assert not report.warnings
    np.testing.assert_array_equal(first.search(vectors, 5)[1], second.search(vectors, 5)[1])


@both
def test_other_vectors_or_dimensions_get_their_own_index(name: str, cache: Path) -> None:
    for vectors in (planted(), planted(seed=8), planted(width=16), planted(groups=3)):
        make(name).build(vectors)
    assert len(list(cache.glob("*.index"))) == 4


@both
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "manifest", "no json", "foreign"])
def test_a_damaged_index_is_built_again_and_said(name: str, damage: str, cache: Path) -> None:
    vectors, report = planted(), Report()
    make(name).build(vectors)
    file, manifest = next(cache.glob("*.index")), next(cache.glob("*.json"))
    good = file.read_bytes()
    if damage == "flip":
        file.write_bytes(good[:100] + bytes([good[100] ^ 255]) + good[101:])
    elif damage in ("cut", "empty"):
        file.write_bytes(good[: len(good) // 2] if damage == "cut" else b"")
    elif damage == "gone":
        file.unlink()
    elif damage == "manifest":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "dimension": 8}))
    elif damage == "no json":
        manifest.write_bytes(b"\xff{")
    else:  # the index of another catalogue under this name
        make(name).build(planted(seed=9))
        other = next(path for path in cache.glob("*.index") if path != file)
        other.replace(file)
    again = make(name, report=report)
    again.build(vectors)
    assert len(report.warnings) == 1
    assert "damaged" in report.warnings[0]
    assert file.read_bytes() == good
    assert (again.search(vectors, 1)[1][:, 0] == np.arange(len(vectors))).all()


@both
def test_a_cache_that_cannot_be_written_is_said_and_does_not_matter(name: str, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    vectors, report = planted(), Report()
    index = make(name, report=report)
    index.build(vectors)
    assert "could not be kept" in report.warnings[0]
    assert (index.search(vectors, 1)[1][:, 0] == np.arange(len(vectors))).all()


@both
def test_nothing_half_written_stays_behind(name: str, cache: Path) -> None:
    make(name).build(planted())
    assert not list(cache.glob(".new-*"))


def test_calibration_looks_harder_until_the_recall_is_reached() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(3000, 32)))  # no structure: the hardest case
    index = make("faiss", nlist=64)
    index.build(vectors)
    before = index.effort
    recall, sampled = calibrate(index, 10, target=0.9)
    assert sampled == 100
    assert recall >= 0.9
    assert index.effort != before
    assert calibrate(index, 10, target=0.9) == (recall, 100)


def test_calibration_leaves_what_the_user_fixed_alone() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(3000, 32)))
    index = make("annoy", trees=2, search_k=10)
    index.build(vectors)
    recall, _ = calibrate(index, 10)
    assert recall < 0.9
    assert index.effort == "--trees 2 --search-k 10"


@both
def test_a_missing_extra_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnavailableError) as caught:
        find("index", name)()
    assert caught.value.exit_code == 69
    assert f"pip install 'visrec-cli[{name}]'" in str(caught.value.fix)

"""Files that were cut, at every byte: refused, or the rows and pictures that are whole, and the cut is said.

Text cannot know: a CSV that is cut at the end of a line is a shorter CSV, and one that is cut within its last cell has
another word there. All the lines before that are as they were.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import visrec_cli as visrec
from tests.robustness.mutations import MANY
from tests.robustness.small_models import fill, trained
from tests.robustness.test_pictures import ARCHIVES, FORMATS, packed, saved
from tests.robustness.test_tables import BYTES
from tests.robustness.test_texts import TEXTS
from tests.tables.tables import embedded
from visrec_cli.errors import InputError
from visrec_cli.images.decoder import load_picture
from visrec_cli.runtime.report import Report


def cuts(whole: bytes) -> Iterator[bytes]:
    """Without the last byte, the last two …: all of them in the long round, else some 200, most of them at the ends."""
    size = len(whole)
    every = (
        range(size)
        if MANY > 1
        else {*range(min(size, 40)), *range(max(0, size - 60), size), *range(0, size, size // 100 + 1)}
    )
    for end in sorted(every):
        yield whole[:end]


@pytest.mark.parametrize("name", BYTES)
def test_tables(tmp_path: Path, name: str) -> None:
    whole, path = BYTES[name](), tmp_path / "t"
    for cut in cuts(whole):
        path.unlink(missing_ok=True)
        path.write_bytes(cut)
        with pytest.raises(InputError):
            visrec.open_table(str(path)).read_all()


@pytest.mark.parametrize("part", ["t.npy", "t.ids.txt", "t.space.json", "t.sha256"])
def test_parts_of_a_matrix(tmp_path: Path, part: str) -> None:
    visrec.write_table(embedded(12), tmp_path / "t.npy")
    path, expected = tmp_path / part, visrec.open_table(str(tmp_path / "t.npy")).read_all()
    for cut in cuts(path.read_bytes()):
        path.unlink()
        path.write_bytes(cut)
        try:
            found = visrec.open_table(str(tmp_path / "t.npy")).read_all()
        except InputError:
            continue
        assert part == "t.sha256", len(cut)
        assert found.equals(expected)


@pytest.mark.parametrize("form", ["arrow", "parquet", "ndjson"])
def test_a_model(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"m.{form}"
    visrec.write_table(trained(fill(tmp_path), "als"), path)
    whole = path.read_bytes()
    for cut in cuts(whole):
        path.unlink()
        path.write_bytes(cut)
        if form == "ndjson" and b"\n" in (cut[-1:], whole[len(cut) : len(cut) + 1]):
            continue  # text cannot know
        with pytest.raises(InputError):
            visrec.recommend_users(str(path), all_users=True, rules=visrec.Rules(k=2)).read_all()


def test_a_checkpoint(tmp_path: Path) -> None:
    log, path = fill(tmp_path) / "log.csv", tmp_path / "ck.npz"
    train = partial(visrec.train_cf, log, model="als", settings={"epochs": 2, "embedding_size": 4}, device="cpu")
    train(save_checkpoint=str(path))
    for cut in cuts(path.read_bytes()):
        path.unlink()
        path.write_bytes(cut)
        with pytest.raises(InputError):
            train(resume=str(path))


@pytest.mark.parametrize("name", TEXTS)
def test_text(tmp_path: Path, name: str) -> None:
    whole, path = TEXTS[name].encode(), tmp_path / name

    def rows(content: bytes) -> list[list[str]]:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        found = visrec.open_table(str(path)).read_all()
        return [[str(value) for value in row.values()] for row in found.to_pylist()]

    expected = rows(whole)
    lines = whole.splitlines(keepends=True)
    before = len(lines) - len(expected)  # a header, a remark
    for cut in cuts(whole):
        if len(cut) < sum(map(len, lines[: before + 2])):
            continue  # nothing but a header, or a part of it: another table, or none
        try:
            found = rows(cut)
        except InputError:
            continue
        assert len(found) - cut.count(b"\n") + before in (0, 1), len(cut)  # not one is dropped
        assert found[:-1] == expected[: len(found) - 1], len(cut)


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture(format: str) -> None:
    """Refused, or the same in every pixel: not grey where the rest should be."""
    whole = saved(format)
    expected = np.asarray(load_picture(whole))
    for cut in cuts(whole):
        try:
            found = np.asarray(load_picture(cut))
        except InputError:
            continue
        assert np.array_equal(found, expected), f"{len(cut)} of {len(whole)} bytes"


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive(tmp_path: Path, name: str) -> None:
    """All the pictures, or some and the others are rejects, or a word that it was cut."""
    whole, path = packed(name), tmp_path / name

    def pictures(content: bytes) -> tuple[pa.Table, Report]:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        report = Report()
        return visrec.preprocess(str(path), threads=1, report=report).read_all(), report

    expected = len(pictures(whole)[0])
    for cut in cuts(whole):
        try:
            found, report = pictures(cut)
        except InputError:
            continue
        assert len(found) + len(report.rejects) == expected, (len(cut), report)

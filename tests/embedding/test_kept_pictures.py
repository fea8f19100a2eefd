"""embed-images run again: what is computed, what is read, and that a result is the same bytes either way."""

import os
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import COLOURS, draw
from tests.limits import HANGS
from tests.stages.test_embed_images import MeanColour
from visrec_cli.embedding import cache_lookup
from visrec_cli.encoders.base import Prepared, Vectors
from visrec_cli.images import decoder, sources
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images, estimate_images
from visrec_cli.tables.vectors import matrix_of

HOUR_AGO = 1_700_000_000


class Counting(MeanColour):
    """Counts what the model was asked for; its vectors may be kept. ``alone``: picture by picture, in threads."""

    engine = "arithmetic 1"

    def __init__(self, *, alone: bool = True, holds: int = 10**9) -> None:
        super().__init__(holds)
        self.alone = alone
        self._counting = threading.Lock()

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        with self._counting:
            return super().encode(batch)

    @property
    def seen(self) -> int:
        return sum(self.calls)


@pytest.fixture
def imgs(tmp_path: Path) -> Path:
    """Forty pictures, all different, an hour old: settled."""
    folder = tmp_path / "imgs"
    folder.mkdir()
    for number in range(40):
        shape, colour = ("square", "disc")[number % 2], list(COLOURS.values())[number % 4]
        draw(shape, colour, size=60 + number, seed=number).save(folder / f"{number:03d}.png")
    settle(folder)
    return folder


def settle(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (HOUR_AGO, HOUR_AGO))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the picture files that were opened."""
    names: list[str] = []
    real = sources.open_picture

    def noting(source: str | Path | bytes) -> object:
        if not isinstance(source, bytes):
            names.append(Path(source).name)
        return real(source)

    for module in (decoder, sources):
        monkeypatch.setattr(module, "open_picture", noting)
    return names


def run(source: object, encoder: MeanColour, **options: object) -> tuple[pa.Table, Report]:
    report = Report()
    return embed_images(source, encoder=encoder, report=report, **options).read_all(), report  # type: ignore[arg-type]


@pytest.mark.parametrize("alone", [True, False])
def test_the_second_run_computes_nothing_and_reads_nothing(imgs: Path, opened: list[str], alone: bool) -> None:
    first, _ = run(imgs, Counting(alone=alone), batch_size=7)
    assert len(opened) == 40
    opened.clear()
    again = Counting(alone=alone)
    second, report = run(imgs, again, batch_size=11)
    assert (again.seen, opened) == (0, [])
    assert second.equals(first)
    assert report.counts["vectors from the cache"] == report.counts["pictures"] == 40


def test_one_changed_picture_is_one_call_of_the_model(imgs: Path, opened: list[str]) -> None:
    first, _ = run(imgs, Counting())
    opened.clear()
    draw("disc", (1, 2, 3), seed=99).save(imgs / "017.png")
    encoder = Counting()
    second, _ = run(imgs, encoder)
    assert (encoder.calls, opened) == ([1], ["017.png"])
    changed = (matrix_of(first["image_embedding"])[0] != matrix_of(second["image_embedding"])[0]).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [17]


def test_renamed_and_copied_pictures_cost_a_look_and_no_model(imgs: Path) -> None:
    run(imgs, Counting())
    shutil.copytree(imgs, imgs.parent / "elsewhere")
    (imgs / "001.png").rename(imgs / "renamed.png")
    for folder in (imgs, imgs.parent / "elsewhere"):
        encoder = Counting()
        run(folder, encoder)
        assert encoder.seen == 0


def test_a_file_that_may_have_changed_within_a_tick_of_the_clock_is_read_again(imgs: Path, opened: list[str]) -> None:
    draw("disc", (1, 2, 3), seed=1).save(imgs / "005.png")  # just now
    run(imgs, Counting())
    opened.clear()
    encoder = Counting()
    run(imgs, encoder)
    assert (encoder.seen, opened) == (0, ["005.png"])


def test_the_same_size_and_time_with_other_bytes_is_noticed(imgs: Path) -> None:
    before = (imgs / "003.png").read_bytes()
    run(imgs, Counting())
    other = bytearray((imgs / "003.png").read_bytes())
    draw("disc", (9, 99, 200), size=63, seed=3).save(imgs / "new.png")
    other[:] = (imgs / "new.png").read_bytes().ljust(len(before), b"\0")[: len(before)]
    (imgs / "new.png").unlink()
    (imgs / "003.png").write_bytes(other)
    os.utime(imgs / "003.png", (HOUR_AGO, HOUR_AGO))  # as cp -p would leave it
    _, report = run(imgs, Counting())
    assert report.counts["vectors from the cache"] == 39


def test_pictures_in_a_column_and_in_an_archive_are_known_too(imgs: Path, opened: list[str]) -> None:
    run(imgs, Counting())
    paths = sorted(imgs.iterdir())
    table = pa.table({"item_id": [path.stem for path in paths], "image": [path.read_bytes() for path in paths]})
    encoder = Counting()
    run(table, encoder)
    with zipfile.ZipFile(imgs.parent / "shop.zip", "w") as archive:
        for path in paths:
            archive.write(path, f"in/{path.name}")
    os.utime(imgs.parent / "shop.zip", (HOUR_AGO, HOUR_AGO))
    members = [f"{imgs.parent}/shop.zip::in/{path.name}" for path in paths]
    packed = pa.table({"item_id": [path.stem for path in paths], "image_path": members})
    run(packed, encoder)
    opened.clear()
    run(packed, encoder)
    assert (encoder.seen, opened) == (0, [])


def test_other_spaces_engines_and_questions_do_not_share_results(imgs: Path) -> None:
    run(imgs, Counting())
    other_engine = Counting()
    other_engine.engine = "arithmetic 2"
    run(imgs, other_engine)
    other_space = Counting()
    other_space.space = MeanColour.space.__class__("mean-colour", 3, False, None, {"pixels": 9})
    run(imgs, other_space)
    named = Counting()
    labelled, _ = run(imgs, named, labels=1)
    assert (other_engine.seen, other_space.seen, named.seen) == (40, 40, 40)
    again = Counting()
    assert run(imgs, again, labels=1)[0].equals(labelled)
    assert again.seen == 0


def test_nobody_s_engine_and_no_cache_keep_nothing(imgs: Path) -> None:
    for encoder, options in ((MeanColour(), {}), (Counting(), {"cache": False})):
        run(imgs, encoder, **options)
        before = sum(encoder.calls)
        run(imgs, encoder, **options)
        assert sum(encoder.calls) == 2 * before == 80


def test_a_cache_of_one_s_own(imgs: Path, tmp_path: Path) -> None:
    run(imgs, Counting(), cache=tmp_path / "mine")
    elsewhere, here = Counting(), Counting()
    run(imgs, elsewhere)
    run(imgs, here, cache=str(tmp_path / "mine"))
    assert (elsewhere.seen, here.seen) == (40, 0)


def test_broken_pictures_are_rejected_again_each_time(imgs: Path) -> None:
    (imgs / "007.png").write_bytes(b"no picture")
    for _ in range(2):
        result, report = run(imgs, Counting())
        assert [(one.item_id, one.stage) for one in report.rejects] == [("007", "embed-images")]
        assert result["image_embedding"].null_count == 1


@pytest.mark.parametrize("alone", [True, False])
def test_what_was_done_before_an_interruption_is_not_done_again(imgs: Path, alone: bool) -> None:
    whole, _ = run(imgs, Counting(alone=alone), cache=False)
    reader = embed_images(imgs, encoder=Counting(alone=alone), batch_size=8)
    for _ in range(2):
        reader.read_next_batch()
    reader.close()
    rest = Counting(alone=alone)
    resumed, _ = run(imgs, rest, batch_size=8)
    assert rest.seen <= 40 - 16
    assert resumed.equals(whole)


def test_a_damaged_cache_changes_no_result(imgs: Path) -> None:
    first, _ = run(imgs, Counting())
    (database,) = Path(os.environ["VISREC_CACHE_DIR"]).glob("*.sqlite")
    with sqlite3.connect(database) as connection:
        ((number, payload),) = connection.execute("SELECT number, bytes FROM payloads LIMIT 1")
        connection.execute("UPDATE payloads SET bytes = ? WHERE number = ?", (payload[::-1], number))
    connection.close()
    again = Counting()
    second, report = run(imgs, again)
    assert second.equals(first)
    assert again.seen > 0
    assert any("damaged" in warning for warning in report.warnings)


def test_large_files_are_read_in_parts(imgs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.embedding.prefetch._HELD", 50)
    first, _ = run(imgs, Counting())
    again = Counting()
    monkeypatch.setattr("visrec_cli.embedding.prefetch._HELD", 1 << 20)
    assert run(imgs, again)[0].equals(first)
    assert again.seen == 0


def test_the_estimate_writes_nothing_and_knows_what_is_kept(imgs: Path, opened: list[str]) -> None:
    encoder = Counting()
    before = estimate_images(imgs, encoder=encoder, threads=2)
    assert (before.rows, before.known, before.new, before.unusable) == (40, 0, 40, 0)
    assert before.rate is not None
    assert before.vectors == 40 * 3 * 4
    assert before.memory > 20e6
    run(imgs, Counting())
    opened.clear()
    after = estimate_images(imgs, encoder=Counting())
    assert (after.known, after.new, after.rate, after.cache, opened) == (40, 0, None, 0, [])


def test_the_estimate_samples_evenly(imgs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visrec_cli.embedding.cost_estimate.SAMPLE", 10)
    (imgs / "011.png").write_bytes(b"no picture")
    found = estimate_images(imgs, encoder=Counting(), cache=False)
    assert (found.new, found.sampled, found.cache) == (40, 10, 0)
    assert "10" in "\n".join(found.lines())


def test_results_come_back_as_they_were(imgs: Path) -> None:
    from visrec_cli.encoders.base import Label

    vector = np.array([1.5, -2, 3e-9], np.float32)
    for result in (
        cache_lookup.Result(vector),
        cache_lookup.Result(vector, (Label("cat, tabby", 0.1), Label("été", 1.0))),
        cache_lookup.Result(vector, (), True),
    ):
        back = cache_lookup._unpacked(cache_lookup._packed(result), 3)
        assert back.vector.tobytes() == vector.tobytes()
        assert back[1:] == result[1:]


def test_several_batches_are_under_way_where_the_device_wants_it(imgs: Path) -> None:
    plain, _ = run(imgs, Counting(alone=False), cache=False, batch_size=5)
    together = threading.Barrier(2, timeout=HANGS)  # passes only if two batches are in the model at once

    class Device(Counting):
        in_flight = 2

        def encode(self, batch: Sequence[Prepared]) -> Vectors:
            together.wait()
            return super().encode(batch)

    encoder = Device(alone=False)
    result, _ = run(imgs, encoder, cache=False, batch_size=5)
    assert result.equals(plain)
    assert encoder.calls == [5] * 8

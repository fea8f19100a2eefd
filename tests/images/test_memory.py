"""Decoded pictures share one budget of memory, and are worked on in strips that change no bit."""

import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.limits import HANGS
from visrec_cli.images import decoder, pixels
from visrec_cli.images.decoder import load_picture
from visrec_cli.images.examination import Treatment, examine
from visrec_cli.images.fingerprints import fingerprint_of
from visrec_cli.images.memory import MemoryBudget, bytes_of
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.preprocess import preprocess

NOISE = np.random.default_rng(0)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def _of(mode: str, dtype: type = np.uint8, channels: int = 1, top: int = 256) -> Image.Image:
    values = NOISE.integers(0, top, (37, 23, channels) if channels > 1 else (37, 23)).astype(dtype)
    return Image.fromarray(values).convert(mode)


PICTURES: dict[str, Callable[[], bytes]] = {
    "RGB": lambda: _saved(_of("RGB", channels=3), "PNG"),
    "RGBA": lambda: _saved(_of("RGBA", channels=4), "PNG"),
    "L": lambda: _saved(_of("L"), "PNG"),
    "LA": lambda: _saved(_of("RGBA", channels=4).convert("LA"), "PNG"),
    "P, one colour transparent": lambda: _saved(_of("RGB", channels=3).quantize(16), "PNG", transparency=3),
    "1": lambda: _saved(_of("L").convert("1"), "PNG"),
    "16 bits": lambda: _saved(_of("I;16", np.uint16, top=65536), "PNG"),
    "32 bits, stretched": lambda: _saved(_of("I", np.int32, top=10**6), "TIFF"),
    "floats": lambda: _saved(Image.fromarray(NOISE.random((37, 23)).astype(np.float32)), "TIFF"),
    "CMYK": lambda: _saved(_of("RGB", channels=3).convert("CMYK"), "TIFF"),
}


@pytest.mark.parametrize("made", PICTURES.values(), ids=PICTURES.keys())
def test_strips_change_no_bit(made: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    content = made()
    whole = load_picture(content)
    monkeypatch.setattr(pixels, "_BAND_PIXELS", 100)
    strips = load_picture(content)
    assert whole.tobytes() == strips.tobytes()
    assert len(set(whole.tobytes())) > 1
    by_strips = fingerprint_of(whole)
    monkeypatch.undo()
    assert by_strips.exact == fingerprint_of(whole).exact


def test_a_grey_value_that_is_declared_transparent_is_white() -> None:
    grey = np.full((4, 4), 40000, np.uint16)
    grey[0, 0] = 1000
    picture = np.asarray(load_picture(_saved(Image.fromarray(grey), "PNG", transparency=1000)))
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture[1, 1].tolist() == [156, 156, 156]


def test_floats_from_0_to_1_in_a_portable_float_map_are_grey() -> None:
    values = np.array([0.0, 0.25, 1.0], "<f4")
    picture = load_picture(b"Pf\n3 1\n-1.0\n" + values.tobytes())
    assert [picture.getpixel((x, 0)) for x in range(3)] == [(0,) * 3, (64,) * 3, (255,) * 3]


class _Watched(MemoryBudget):
    """Records what is held together."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.now, self.peak, self.asked = 0, 0, 0
        self._count = threading.Lock()

    def holding(self, size: int):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        outer = super().holding

        @contextmanager
        def watched():  # type: ignore[no-untyped-def]
            with outer(size):
                with self._count:
                    self.now, self.asked = self.now + size, self.asked + 1
                    self.peak = max(self.peak, self.now)
                try:
                    yield
                finally:
                    with self._count:
                        self.now -= size

        return watched()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(24):
        Image.fromarray(NOISE.integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(tmp_path / f"{i:02}.png")
    return tmp_path


@pytest.mark.parametrize(
    "stage",
    [
        lambda folder: preprocess(folder).read_all(),
        lambda folder: embed_images(str(folder), encoder="colour", cache=False).read_all(),
    ],
    ids=["preprocess", "embed-images"],
)
def test_what_is_decoded_at_once_stays_within_the_budget(
    stage: Callable[[Path], object], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = 64 * 64 * 8
    watched = _Watched(2 * one)
    monkeypatch.setattr(decoder, "DECODED", watched)
    stage(folder)
    assert watched.asked >= 24
    assert one <= watched.peak <= 2 * one
    assert watched.now == 0


def test_a_picture_larger_than_the_budget_is_decoded_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "DECODED", watched := _Watched(1))
    assert preprocess(folder).read_all().num_rows == 24
    assert watched.peak == 64 * 64 * 8


def test_a_broken_picture_gives_back_what_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "DECODED", watched := _Watched(1))
    whole = _saved(_of("RGB", channels=3), "PNG")
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(whole[:-60])
        assert "truncated" in str(examine(str(tmp_path / f"{i}.png"), Treatment()))
    assert watched.now == 0
    assert watched.asked == 3


def test_the_budget_serves_threads_in_turn_and_no_wish_starves() -> None:
    budget, served = MemoryBudget(10), []
    first_holds, go_on = threading.Event(), threading.Event()

    def small() -> None:
        with budget.holding(6):
            first_holds.set()
            assert go_on.wait(HANGS)
            served.append("small")

    def large() -> None:
        with budget.holding(1000):
            served.append("large")

    threads = [threading.Thread(target=small), threading.Thread(target=large)]
    threads[0].start()
    assert first_holds.wait(HANGS)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(HANGS)
    assert served == ["small", "large"]


def test_what_a_picture_takes_is_known_before_it_is_decoded() -> None:
    with Image.open(io.BytesIO(PICTURES["16 bits"]())) as image:
        assert bytes_of(image) == 37 * 23 * (2 + 4)


@pytest.mark.parametrize("encoder", ["colour", "colour+hog", "lite0"])
def test_closing_large_pictures_changes_no_vector(encoder: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = embed_images(str(folder), encoder=encoder, cache=False).read_all()
    closed = []
    monkeypatch.setattr(decoder, "_LARGE", 1)
    monkeypatch.setattr(decoder, "trim_memory", lambda: closed.append(1))
    assert embed_images(str(folder), encoder=encoder, cache=False).read_all().equals(before)
    assert len(closed) == 24

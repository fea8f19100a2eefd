"""Fixtures that every part of the suite shares."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image, ImageDraw

from tests.limits import HANGS

settings.register_profile("visrec", deadline=None)  # no test is timed
settings.load_profile("visrec")

ROOT = Path(__file__).resolve().parent.parent
_HOW = hashlib.sha256((ROOT / "visrec_cli/recommenders/kernels/compilation.py").read_bytes()).hexdigest()[:8]
os.environ.setdefault(  # loops are compiled once, not per test; how they are is nothing that numba looks at
    "NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "kernels" / _HOW)
)
MODELS = ROOT / ".pytest_cache" / "models"
MODELS.mkdir(parents=True, exist_ok=True)
for _old in MODELS.iterdir():  # what tests compiled of models that they made; the two defaults stay
    if not _old.name.startswith(("image-lite0-", "text-minilm-")) and _old.stat().st_mtime < time.time() - 3600:
        shutil.rmtree(_old, ignore_errors=True)
COLOURS = {"red": (200, 30, 40), "blue": (30, 60, 190), "green": (30, 140, 60), "yellow": (230, 200, 40)}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the cache of the person who runs it, or of another test."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "models").symlink_to(MODELS)  # compiled models are no state: they are made once, not per test
    monkeypatch.setenv("VISREC_CACHE_DIR", str(folder))


@pytest.fixture
def shared_data() -> Path:
    """The folder of the real data sets; skips where they are not."""
    folder = Path(os.environ.get("VISREC_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no shared data (VISREC_SHARED_DATA or ../shared/data)")
    return folder


def draw(shape: str, colour: tuple[int, int, int], *, size: int = 96, seed: int = 0) -> Image.Image:
    """A square or a disc of one colour on a light ground, a little moved by ``seed``."""
    rng = np.random.default_rng(seed)
    dx, dy = rng.integers(-6, 7, 2)
    picture = Image.new("RGB", (size, size), (240, 240, 238))
    box = (size // 4 + dx, size // 4 + dy, 3 * size // 4 + dx, 3 * size // 4 + dy)
    pen = ImageDraw.Draw(picture)
    (pen.ellipse if shape == "disc" else pen.rectangle)([int(v) for v in box], fill=colour)
    return picture


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file; options: of Pillow's writer."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """Small tensors are quicker so, by far where the machine is busy, and sums are always made in one order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder ``imgs`` of 16 pictures (square/disc × four colours × two) and ``items.csv`` beside it."""
    folder = tmp_path / "imgs"
    folder.mkdir()
    lines = ["item_id,title,price"]
    for i, (shape, colour) in enumerate((s, c) for s in ("square", "disc") for c in COLOURS for _ in range(2)):
        name = f"{shape}-{colour}-{i % 2}"
        draw(shape, COLOURS[colour], seed=i).save(folder / f"{name}.png")
        lines.append(f"{name},{colour} {shape},{10 + i}")
    (tmp_path / "items.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def visrec(tmp_path: Path) -> Iterator[Run]:
    """Run ``visrec ARGUMENTS…`` as a real process in ``tmp_path``; ``stdin`` is bytes, ``env`` is added."""

    def run(*arguments: object, stdin: bytes = b"", env: dict[str, str] | None = None, cwd: Path = tmp_path):
        return subprocess.run(
            [sys.executable, "-m", "visrec_cli", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=HANGS,
        )

    return run


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[bytes]]:
    """Run a line of bash with ``pipefail`` where ``visrec`` is this checkout's."""

    def run(line: str) -> subprocess.CompletedProcess[bytes]:
        visrec = f'visrec() {{ "{sys.executable}" -m visrec_cli "$@"; }}; set -o pipefail; '
        return subprocess.run(["bash", "-c", visrec + line], capture_output=True, cwd=tmp_path, timeout=HANGS)

    return run

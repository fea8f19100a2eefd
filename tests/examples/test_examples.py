"""Every example runs, on a small shop, with an encoder that needs no model."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.limits import HANGS

EXAMPLES = ROOT / "examples"
FAST = "colour+hog"


@pytest.fixture
def bench(shop: Path) -> dict[str, str]:
    return on_the_bench(shop)


def on_the_bench(folder: Path) -> dict[str, str]:
    """An environment in which ``visrec`` is this checkout's."""
    command = folder / "bin" / "visrec"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m visrec_cli "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "ENCODER": FAST, "PYTHONPATH": str(ROOT)}


def run(*command: object, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=HANGS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_similar_items(shop: Path, bench: dict[str, str]) -> None:
    run(EXAMPLES / "similar_items.sh", "imgs", "items.csv", "similar.csv", cwd=shop, env=bench)
    with (shop / "similar.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16 * 5
    assert rows[0]["query_label"] == "blue disc"
    assert rows[0]["title"].endswith("disc")


def test_make_runs_only_what_is_out_of_date(shop: Path, bench: dict[str, str]) -> None:
    make = ["make", "-f", EXAMPLES / "Makefile", f"ENCODER={FAST}", "gallery.html"]
    assert "embed-images" in run(*make, cwd=shop, env=bench)
    assert "data:image/" in (shop / "gallery.html").read_text()
    assert "visrec" not in run(*make, cwd=shop, env=bench)
    (shop / "recs.arrow").unlink()
    again = run(*make, cwd=shop, env=bench)
    assert "visrec recommend" in again
    assert "embed-images" not in again


def test_cheaper_lookalikes(shop: Path, bench: dict[str, str]) -> None:
    shown = run(
        sys.executable, EXAMPLES / "cheaper_lookalikes.py", "imgs", "items.csv", "disc-red-1", FAST, cwd=shop, env=bench
    )
    assert "disc-red-0" in shown
    assert "disc-yellow-0" not in shown  # dearer


def test_no_example_is_forgotten() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [path.name for path in EXAMPLES.iterdir() if f'"{path.name}"' not in tests] == []


def test_for_every_user(shop: Path, bench: dict[str, str]) -> None:
    lines = ["user_id,item_id,timestamp"]
    for number in range(12):  # everyone likes one colour, and has clicked three of its four things
        colour = ("red", "blue", "green", "yellow")[number % 4]
        things = [f"{shape}-{colour}-{i}" for shape in ("square", "disc") for i in range(2)]
        lines += [
            f"u{number},{thing},2026-01-{day:02}" for day, thing in enumerate(things, 1) if day != number // 4 + 1
        ]
    (shop / "clicks.csv").write_text("\n".join(lines) + "\n")
    env = bench | {"MODEL": "item-knn"}
    run(EXAMPLES / "for_every_user.sh", "imgs", "items.csv", "clicks.csv", "users.html", cwd=shop, env=env)
    page = (shop / "users.html").read_text()
    assert "Liked before" in page
    assert "because of red disc" in page

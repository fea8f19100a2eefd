"""The example of a plug-in, installed by pip and used as a user would, by real processes."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.limits import HANGS

PLUGIN = ROOT / "examples" / "plugin"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the example."""
    folder = tmp_path_factory.mktemp("plugin")
    copy = shutil.copytree(PLUGIN, folder / "source")  # a build leaves files beside the source
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--target", folder / "site", copy], capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture
def python(site: Path, shop: Path) -> Run:
    """Python in the shop, with this checkout and the example."""
    path = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, *map(str, arguments)]
        done = subprocess.run(line, cwd=shop, env=path, capture_output=True, text=True, timeout=HANGS)
        assert done.returncode == 0, done.stderr + done.stdout
        return done

    return run


@pytest.fixture
def visrec(python: Run) -> Run:
    return lambda *arguments: python("-m", "visrec_cli", *arguments)


def clicks(shop: Path) -> None:
    """Everyone likes squares, or discs: six of the eight, and then another one."""
    lines = ["user_id,item_id,timestamp"]
    for user in range(24):
        kind = ("square", "disc")[user % 2]
        things = [f"{kind}-{colour}-{number}" for colour in ("red", "blue", "green", "yellow") for number in range(2)]
        lines += [f"u{user},{things[(user // 2 + day) % 8]},2026-01-{day + 1:02}" for day in range(7)]
    (shop / "clicks.csv").write_text("\n".join(lines) + "\n")


def test_pictures_are_embedded_and_found_by_it(shop: Path, visrec: Run) -> None:
    line = ("embed-images", "imgs", "--encoder", "palette", "-o", "items.arrow")
    visrec(*line)
    assert "16 vectors from the cache" in visrec(*line).stderr, "vectors of a plug-in that names its engine are kept"
    found = visrec("recommend", "items.arrow", "--image", "imgs/disc-red-0.png", "--keep-duplicates", "--format", "csv")
    first = next(csv.DictReader(io.StringIO(found.stdout)))
    assert first["item_id"].startswith("disc-red")


def test_its_recommender_trains_answers_explains_and_is_judged_by_its_metric(shop: Path, visrec: Run) -> None:
    clicks(shop)
    visrec("split", "clicks.csv", "--by", "last", "-o", "split.arrow")
    visrec("train-cf", "split.arrow", "--model", "after-that", "--set", "shrink=1", "-o", "model.arrow")
    told = visrec("recommend", "model.arrow", "--user", "u1", "-k", 2, "--explain", "--format", "ndjson").stdout
    rows = [json.loads(line) for line in told.splitlines()]
    assert [row["item_id"].split("-")[0] for row in rows] == ["disc", "disc"]
    assert all(row["source"] == "after-that" and row["because_item_id"].startswith("disc") for row in rows)
    visrec("recommend", "model.arrow", "--all-users", "-k", 2, "-o", "lists.arrow")
    judged = visrec("eval", "lists.arrow", "--truth", "split.arrow", "-m", "first-hit@2,hit@2", "--format", "ndjson")
    values = {row["metric"]: row["value"] for row in map(json.loads, judged.stdout.splitlines())}
    assert values["hit"] == 1
    assert 2 ** (-1 / 5) <= values["first-hit"] <= 1, "the first of two places, or the other"
    said = visrec(
        "train-cf", "split.arrow", "-m", "bpr", "-s", "epochs=2", "--metric", "first-hit@2", "-o", "bpr.arrow"
    )
    assert "validation first-hit@2 0." in said.stderr


def test_its_members_are_listed(visrec: Run) -> None:
    told = visrec("doctor").stdout
    assert "palette                visrec-palette 0.1.0 (visrec.encoders, visrec_palette.encoder:Palette)" in told
    assert "after-that: the items that users" in visrec("train-cf", "--models").stdout


def test_its_own_tests_pass(site: Path, python: Run) -> None:
    source = site.parent / "source"
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", source, source / "test_palette.py")
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


def test_the_readme_shows_only_what_there_is() -> None:
    text = (PLUGIN / "README.md").read_text()
    files = [path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*.*") if path.is_file()]
    shown = [name for name in files if "__" not in name and name != "README.md"]
    assert [name for name in shown if f"`{name}`" not in text] == []

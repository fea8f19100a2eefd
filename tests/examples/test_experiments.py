"""The examples that measure: a whole experiment, and a gate that lets good models through and stops bad ones."""

import csv
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from tests.examples.test_examples import EXAMPLES, FAST, on_the_bench
from tests.limits import HANGS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of the demo: items.arrow, and clicks.csv split into split.arrow."""
    folder = tmp_path_factory.mktemp("demo")
    lines = (
        "visrec demo shop --draw-only --quiet",
        f"visrec preprocess shop/images --items shop/items.csv | visrec embed-images -e {FAST} -o items.arrow",
        "visrec split shop/clicks.csv -o split.arrow",
    )
    subprocess.run(["bash", "-ec", "\n".join(lines)], cwd=folder, env=on_the_bench(folder), check=True, timeout=HANGS)
    return folder


@pytest.fixture
def demo(shop: Path, tmp_path: Path) -> Path:
    """A folder of one's own with the shop's tables."""
    for name in ("items.arrow", "split.arrow", "shop/clicks.csv"):
        shutil.copy(shop / name, tmp_path)
    shutil.copytree(shop / "shop" / "images", tmp_path / "shop" / "images")
    return tmp_path


def script(name: str, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**on_the_bench(cwd), **environment}
    env.pop("GITHUB_STEP_SUMMARY", None)
    return subprocess.run(
        [EXAMPLES / name, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=HANGS
    )


def test_the_whole_experiment(demo: Path) -> None:
    done = script("experiment.sh", "items.arrow", "clicks.csv", "results", cwd=demo)
    assert done.returncode == 0, done.stderr
    results = demo / "results"
    with (results / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    ndcg = {
        row["run"]: float(row["value"])
        for row in rows
        if (row["metric"], row["k"], row["slice"]) == ("ndcg", "10", "all")
    }
    models = ["ease", "item-knn", "graph-filter", "als", "hybrid"]
    assert list(ndcg) == [*models, "random", "popularity", "content-knn"]
    assert min(ndcg[model] for model in models) > 1.5 * ndcg["popularity"]  # the demo's people have tastes
    assert {row["slice"] for row in rows} >= {"items: warm", "popularity: head", "popularity: tail"}
    assert all(row["ci_low"] for row in rows if row["metric"] == "ndcg" and row["slice"] == "all")
    assert "ease beats popularity" in (results / "table.md").read_text()
    page = (results / "report.html").read_text()
    assert "Lowest-scoring" in page
    assert "data:image/webp" in page
    assert (results / "curves.pdf").read_bytes().startswith(b"%PDF")


def test_the_gate_stops_a_worse_model_and_lets_others_pass(demo: Path) -> None:
    def gate(**environment: str) -> int:
        done = script("gate.sh", "items.arrow", "split.arrow", "accepted.arrow", cwd=demo, **environment)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode

    assert gate(MODEL="als") == 0  # the first time nothing is there to be compared with
    first = (demo / "accepted.arrow").read_bytes()
    assert gate(MODEL="als", SETTINGS="embedding_size=48") == 0
    accepted = (demo / "accepted.arrow").read_bytes()
    assert accepted != first
    assert gate(MODEL="als", SETTINGS="epochs=1,embedding_size=2") == 1  # somebody breaks it
    assert (demo / "accepted.arrow").read_bytes() == accepted
    failed = Tree.parse(demo / "gate.xml").findall(".//failure")
    assert failed
    assert "beats today" in failed[-1].get("message", "")
    assert "**FAILED**" in (demo / "gate.md").read_text()


def test_the_gate_stops_what_is_bad_from_the_start(demo: Path) -> None:
    done = script(
        "gate.sh", "items.arrow", "split.arrow", "accepted.arrow", cwd=demo, MODEL="random", AT_LEAST="ndcg@10=0.08"
    )
    assert done.returncode == 1
    assert "at least 0.08 is asked for" in done.stderr
    assert not (demo / "accepted.arrow").exists()
    assert (demo / "gate.xml").exists()

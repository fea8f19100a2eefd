"""Plug-ins as a user meets them: packages in a folder on the path, and real processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import ROOT
from tests.limits import HANGS
from visrec_cli.errors import UnavailableError
from visrec_cli.fusion.recipe import Recipe
from visrec_cli.plugins import GROUPS
from visrec_cli.registry import REGISTRY
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import open_table
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import column_of

Visrec = Callable[..., subprocess.CompletedProcess[str]]
GOOD = """
from visrec_cli.fusion.learned.cca import Cca
from visrec_cli.indexes.exact import ExactIndex
from visrec_cli.metrics.accuracy import Mrr
from visrec_cli.recommenders.popularity import Popularity

class Best(Popularity):
    name = "best"
    summary = "what most people like, again"

class Mine(Mrr):
    name = "mine"

class Plain(ExactIndex):
    name = "plain"
    effort = "all of it"
    def __init__(self, *, report=None):
        super().__init__()
    def try_harder(self):
        return False

class Joined(Cca):
    name = "joined"
"""
GOOD_ENTRIES = {
    "visrec.recommenders": {"best": "good:Best"},
    "visrec.metrics": {"mine": "good:Mine"},
    "visrec.indexes": {"plain": "good:Plain"},
    "visrec.fusers": {"joined": "good:Joined"},
}


def plant(site: Path, package: str, entries: dict[str, dict[str, str]], code: str = "", version: str = "1.2") -> None:
    """What pip leaves of a package: one module of its name, and its metadata."""
    told = site / f"{package}-{version}.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in some.items())
        for group, some in entries.items()
    ]
    (told / "entry_points.txt").write_text("\n".join(groups))
    (site / f"{package}.py").write_text(code)


@pytest.fixture
def visrec_at(tmp_path: Path) -> Visrec:
    """``visrec ARGUMENTS`` where the packages in the folder ``site`` are installed, or those of no folder."""

    def run(*arguments: object, site: Path | None = tmp_path / "site") -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(str(one) for one in (ROOT, site) if one is not None)
        return subprocess.run(
            [sys.executable, "-m", "visrec_cli", *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": path}, timeout=HANGS, errors="replace",
        )  # fmt: skip

    return run


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A log, and a table with two columns of vectors."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(60, 4)).astype(np.float32)
    spaces = (
        Space("lite0", 4, False).field("image_embedding"),
        Space("minilm", 4, False, kind="text").field("text_embedding"),
    )
    columns = [
        pa.array([f"i{row}" for row in range(60)]),
        column_of(hidden),
        column_of(hidden @ np.roll(np.eye(4, dtype=np.float32), 1, 0)),
    ]
    write_table(pa.table(columns, schema=pa.schema([("item_id", pa.string()), *spaces])), tmp_path / "items.arrow")
    lines = [f"u{user},i{item}" for user in range(20) for item in rng.choice(60, 5, replace=False)]
    (tmp_path / "log.csv").write_text("\n".join(["user_id,item_id", *lines]) + "\n")
    return tmp_path


def fine(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_members_of_every_family_are_used_like_built_in_ones(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "good", GOOD_ENTRIES, GOOD)
    fine(visrec_at("train-cf", "log.csv", "-m", "best", "--validation", 0, "-o", "model.arrow"))
    fine(visrec_at("recommend", "model.arrow", "--all-users", "-k", 5, "-o", "lists.arrow"))
    rows = [json.loads(line) for line in fine(
        visrec_at("eval", "lists.arrow", "--truth", "log.csv", "-m", "mine@5,mrr@5", "--format", "ndjson")
    ).splitlines()]  # fmt: skip
    assert [row["metric"] for row in rows] == ["mine", "mrr"]
    assert rows[0]["value"] == rows[1]["value"]
    alike = ["recommend", "items.arrow", "--item", "i3", "-k", "4", "--column", "image_embedding", "--format", "csv"]
    found = visrec_at(*alike, "--index", "plain")
    assert "plain recall@4 1.00" in found.stderr
    assert fine(found) == fine(visrec_at(*alike))
    for method in ("joined", "cca"):
        fine(
            visrec_at(
                "fuse", "items.arrow", "--method", method, "--dim", 3, "--set", "ridge=0.1", "-o", f"{method}.arrow"
            )
        )
    fine(visrec_at("check", "joined.arrow"))
    fine(visrec_at("recommend", "joined.arrow", "--column", "embedding", "--item", "i3", "-o", "recs.arrow"))


def test_they_are_listed_with_their_settings(tmp_path: Path, visrec_at: Visrec) -> None:
    plant(tmp_path / "site", "good", GOOD_ENTRIES, GOOD)
    assert "best: what most people like, again\n    half_life=0.0" in fine(visrec_at("train-cf", "--models"))
    assert "\njoined: " in fine(visrec_at("fuse", "--methods"))
    said = [json.loads(line) for line in fine(visrec_at("doctor", "--json")).splitlines()]
    plugins = {one["name"]: one for one in said if one["part"] == "plug-ins"}
    assert list(plugins) == ["best", "mine", "plain", "joined"]
    assert plugins["best"]["value"] == "good 1.2 (visrec.recommenders, good:Best)"
    assert all(one["fine"] for one in plugins.values())


def test_a_package_that_lost_its_metadata_is_used(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "good", GOOD_ENTRIES, GOOD)
    (desk / "site" / "good-1.2.dist-info" / "METADATA").unlink()
    fine(visrec_at("train-cf", "log.csv", "-m", "best", "--validation", 0, "-o", "model.arrow"))
    fine(visrec_at("recommend", "model.arrow", "--all-users", "-o", "lists.arrow"))
    assert "(visrec.recommenders, good:Best)" in fine(visrec_at("doctor"))


def test_a_near_name_is_offered(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "good", GOOD_ENTRIES, GOOD)
    for line, name in (("train-cf log.csv -m bests", "best"), ("fuse items.arrow --method jointed", "joined"),
                       ("recommend items.arrow --item i3 --column image_embedding --index plane", "plain"),
                       ("train-cf log.csv --model als --metric mines@5", "mine")):  # fmt: skip
        done = visrec_at(*line.split())
        assert done.returncode == 2
        assert f"did you mean {name}" in done.stderr


def test_a_model_of_a_plugin_that_is_gone_names_the_package(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "good", GOOD_ENTRIES, GOOD)
    fine(visrec_at("train-cf", "log.csv", "-m", "best", "--validation", 0, "-o", "model.arrow"))
    plant(desk / "other", "twin", {"visrec.recommenders": {"best": "twin:Best"}}, GOOD)
    for site, why in ((None, "is not installed here"), (desk / "other", "belongs to twin here")):
        done = visrec_at("recommend", "model.arrow", "--all-users", "-o", "lists.arrow", site=site)
        assert done.returncode == 69
        assert f"the recommender 'best' of the package good 1.2, which {why}" in done.stderr
        assert "fix: install good 1.2 if you trust it, or train the model again" in done.stderr
    assert "best; fitted on" in fine(visrec_at("show", "model.arrow", "--json", site=None))
    fine(visrec_at("check", "model.arrow", site=None))


def test_a_fusion_by_a_plugin_that_is_gone_is_refused(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "good", GOOD_ENTRIES, GOOD)
    fine(visrec_at("fuse", "items.arrow", "--method", "joined", "--dim", 3, "-o", "joined.arrow"))
    space = space_of(open_table(desk / "joined.arrow").schema.field("embedding"))
    assert space is not None
    with pytest.raises(UnavailableError, match="was fused by 'joined', a method that is not installed here"):
        Recipe.of(space)


BASE, POPULAR = "from visrec_cli.recommenders.base import", "from visrec_cli.recommenders.popularity import"
BROKEN = {
    "import nothing_of_that_name": "ModuleNotFoundError: No module named 'nothing_of_that_name'",
    "raise SystemExit(3)": "SystemExit: 3",
    "": "AttributeError: module 'bad' has no attribute 'Worse'",
    "class Worse: pass": "bad:Worse is no subclass of Recommender",
    f"{BASE} Recommender\nclass Worse(Recommender): name = 'worse'": "bad:Worse has no fit, summary",
    f"{POPULAR} Popularity as Worse": "its class is named 'popularity', its entry point 'worse'",
}


@pytest.mark.parametrize(("code", "why"), BROKEN.items())
def test_a_broken_one_is_refused_where_it_is_asked_for_and_skipped_elsewhere(
    code: str, why: str, desk: Path, visrec_at: Visrec
) -> None:
    plant(desk / "site", "bad", {"visrec.recommenders": {"worse": "bad:Worse"}}, code)
    asked = visrec_at("train-cf", "log.csv", "-m", "worse")
    assert asked.returncode == 69
    assert f"visrec: error: the plug-in 'worse' of bad 1.2 cannot be loaded: {why}" in asked.stderr
    assert "  fix: pip install -U bad, or pip uninstall bad\n" in asked.stderr
    listed = visrec_at("train-cf", "--models")
    assert "\nhybrid: " in fine(listed)
    assert "worse" not in listed.stdout
    assert listed.stderr == f"visrec: note: the plug-in 'worse' of bad 1.2 cannot be loaded: {why}; it is skipped\n"
    told = next(line for line in fine(visrec_at("doctor")).splitlines() if "worse" in line)
    assert told.startswith(" ! worse")
    assert why in told


BUG = """
import numpy as np
from visrec_cli.recommenders.popularity import Popularity

class Clumsy(Popularity):
    name = "clumsy"
    def fit(self, log, content=None, watch=None):
        np.zeros(3).reshape(2)
"""


def test_a_bug_of_a_plugin_is_not_called_ours(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "buggy", {"visrec.recommenders": {"clumsy": "buggy:Clumsy"}}, BUG)
    done = visrec_at("train-cf", "log.csv", "-m", "clumsy", "--validation", 0, "-o", "model.arrow")
    assert done.returncode == 70
    assert "visrec: error: a bug in the plug-in 'clumsy' of buggy 1.2: ValueError: cannot reshape" in done.stderr
    assert "  fix: please report it with the output of 'visrec --debug …': to its authors\n" in done.stderr
    assert not (desk / "model.arrow").exists()


TAKEN = [("recommenders", "als"), ("recommenders", "unknown"), ("fusers", "mean"), ("fusers", "umap"),
         ("metrics", "ctr-ips"), ("encoders", "minilm")]  # fmt: skip


@pytest.mark.parametrize(("group", "name"), TAKEN)
def test_the_name_of_a_built_in_cannot_be_taken(group: str, name: str, tmp_path: Path, visrec_at: Visrec) -> None:
    plant(tmp_path / "site", "grabbing", {f"visrec.{group}": {name: "grabbing:X"}}, "raise AssertionError('imported')")
    told = next(line for line in fine(visrec_at("doctor")).splitlines() if "grabbing" in line)
    assert f"the plug-in '{name}' of grabbing 1.2 cannot be used: visrec itself has a member of that name" in told
    if group == "recommenders":
        assert "cannot be used: visrec itself" in visrec_at("train-cf", "--models").stderr


def test_two_packages_cannot_share_a_name(desk: Path, visrec_at: Visrec) -> None:
    for package in ("one", "two"):
        plant(desk / "site", package, {"visrec.recommenders": {"best": f"{package}:Best"}}, GOOD)
    done = visrec_at("train-cf", "log.csv", "-m", "best")
    assert done.returncode == 69
    assert "the plug-in 'best' of one 1.2 cannot be used: two 1.2 has the same name" in done.stderr
    assert "\nbest: " not in fine(visrec_at("train-cf", "--models"))


def test_entry_points_are_read_only_where_a_name_is_no_built_in(desk: Path, visrec_at: Visrec) -> None:
    plant(desk / "site", "good", GOOD_ENTRIES, GOOD)
    probe = "import sys; from visrec_cli.app import run; run(sys.argv[1:]); print('visrec_cli.plugins' in sys.modules)"
    for line, looked in (("--help", False), ("train-cf --help", False), ("fuse --help", False),
                         ("train-cf log.csv -m als --metric ndcg@5 -o als.arrow", False),
                         ("recommend als.arrow --all-users -o lists.arrow", False),
                         ("eval lists.arrow --truth log.csv -m mrr -o scores.arrow", False),
                         ("train-cf log.csv -m best --validation 0 -o best.arrow", True)):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", probe, *line.split()], cwd=desk, capture_output=True, text=True, timeout=HANGS,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{desk / 'site'}"},
        )  # fmt: skip
        assert fine(done).splitlines()[-1] == str(looked), line


def test_every_family_with_a_group_is_in_the_registry() -> None:
    assert {family for families in GROUPS.values() for family in families} <= set(REGISTRY)


JOINT = """
import numpy as np
from visrec_cli.encoders.base import ImageEncoder, TextEncoder
from visrec_cli.tables.spaces import Space

COLOURS = {"red": (200, 30, 40), "blue": (30, 60, 190), "green": (30, 140, 60), "yellow": (230, 200, 40)}

class Common:
    example = "words"
    def __init__(self, rest, *, device=None, normalise=True, precise=False):
        self.spec = "both:" + rest
        self.space = Space("both:" + rest.removesuffix("?"), 4, normalise, None, {"version": 1}, kind="joint")

class Sees(Common, ImageEncoder):
    def prepare(self, picture):
        centre = np.asarray(picture, float)[picture.height // 2, picture.width // 2]
        return np.exp(-((np.array(list(COLOURS.values())) - centre) ** 2).sum(axis=1) / 1e4)
    def encode(self, batch):
        return self.finish(np.stack(batch))

class Reads(Common, TextEncoder):
    token_limit = 99
    def encode(self, texts, *, batch_size=32):
        return self.finish(np.array([[word in text for word in COLOURS] for text in texts], float))
    def cut(self, texts):
        return [False for _ in texts]

BOTH = (Sees, Reads)
"""


def test_an_encoder_of_pictures_and_texts(shop: Path, visrec_at: Visrec) -> None:
    plant(shop / "site", "joint", {"visrec.encoders": {"both": "joint:BOTH"}}, JOINT)
    fine(visrec_at("embed-images", "imgs", "--encoder", "both:words", "-o", "items.arrow"))
    asked = ("recommend", "items.arrow", "--text", "a red one", "-k", 3, "--keep-duplicates", "--format", "ndjson")
    found = [json.loads(line)["item_id"] for line in fine(visrec_at(*asked)).splitlines()]
    assert len(found) == 3
    assert all("red" in item for item in found)
    fine(visrec_at("embed-text", "items.csv", "--columns", "title", "--encoder", "both:words", "-o", "texts.arrow"))
    gone = visrec_at(*asked, site=None)
    assert gone.returncode == 2
    assert "no encoder of that name is installed here\n  fix: install the plug-in that has it" in gone.stderr


def test_an_encoder_is_refused_what_it_cannot_do(shop: Path, visrec_at: Visrec) -> None:
    plant(shop / "site", "joint", {"visrec.encoders": {"both": "joint:BOTH", "eye": "joint:Sees"}}, JOINT)
    for line, code, why in (
        ("embed-images imgs -e both", 2, "fix: such as both:words"),
        ("embed-images imgs -e both:words --engine onnx", 2, "does not support onnx"),
        ("embed-text items.csv --columns title -e eye:x", 2, "unknown text encoder 'eye'"),
        ("embed-images imgs -e both:words?", 69, "its spec is 'both:words?' and its space's encoder is 'both:words'"),
    ):
        done = visrec_at(*line.split(), "-o", "items.arrow")
        assert (done.returncode, why in done.stderr) == (code, True), (line, done.stderr)

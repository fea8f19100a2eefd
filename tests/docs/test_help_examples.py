"""Every example that a verb's --help shows is typed, in a folder that has the files it names, and works."""

import gzip
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from tests.conftest import COLOURS, draw
from tests.limits import HANGS
from visrec_cli.app import VERBS
from visrec_cli.recommenders.model import Items, Model, Users
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.tables.output import write_table
from visrec_cli.tables.readers import read_all

IDS = ["1164", "1525", "1546", *(str(number) for number in range(2000, 2077))]
ELSEWHERE = ("demo", "doctor")  # run by tests of their own


def examples(verb: str) -> list[str]:
    """The commands below "Examples:", as they stand in the source, where no terminal has wrapped them."""
    text = import_module(f"visrec_cli.commands.{verb.replace('-', '_')}").command.__doc__ or ""
    return [" ".join(part.split()) for part in text.split("Examples:")[1].split("\n\n") if part.strip()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples name: pictures, items.csv, tables, recommendations, a query."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "imgs").mkdir()
    lines = ["item_id,title,description,category,price,image"]
    for number, item in enumerate(IDS):
        colour = list(COLOURS)[number % 4]
        shape = "disc" if number % 3 else "square"
        draw(shape, COLOURS[colour], size=280, seed=number).save(folder / "imgs" / f"{item}.jpg")
        lines.append(f"{item},{colour} {shape},number {number} of many,{shape},{10 + number},imgs/{item}.jpg")
    (folder / "items.csv").write_text("\n".join(lines) + "\n")
    draw("disc", COLOURS["red"], size=280, seed=99).save(folder / "query.jpg")
    (folder / "questions.txt").write_text("a red disc\nsomething blue\n")
    for line in (
        "visrec preprocess imgs --items items.csv | visrec embed-images -e colour+hog -o image.arrow",
        "visrec embed-text items.csv -c title -o text.arrow",
        "visrec fuse image.arrow text.arrow -o catalogue.arrow && cp catalogue.arrow fused.arrow",
        "visrec recommend catalogue.arrow --item 1164 -o recs.arrow",
    ):
        done = typed(line, folder)
        assert done.returncode == 0, done.stderr.decode()
    write_models(folder)
    write_logs(folder)
    for line in (
        "visrec split clicks.csv -o split.arrow",
        "visrec recommend als.arrow --all-users -o als-lists.arrow",
        "visrec recommend knn.arrow --all-users -o knn-lists.arrow",
    ):
        assert typed(line, folder).returncode == 0
    return folder


def write_logs(folder: Path) -> None:
    """clicks.csv, ratings.csv and events.csv: 50 users, each with 20 of the items over a season; items.arrow.

    shown.csv: items that were shown to them in three places, and whether they were clicked.
    """
    rng = np.random.default_rng(0)
    heads = {"clicks": "weight", "ratings": "rating", "events": "event"}
    values = {"weight": "1 1 3", "rating": "2 4 5", "event": "view cart buy"}
    for name, column in heads.items():
        lines = [f"user_id,item_id,{column},timestamp"]
        for user in range(50):
            for item in rng.choice(IDS, 20, replace=False):
                when = 1_735_689_600 + int(rng.integers(90 * 86_400))  # from 2025 on
                lines.append(f"{user},{item},{rng.choice(values[column].split())},{when}")
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    lines = ["user_id,item_id,position,clicked,propensity"]
    for _ in range(5000):
        user, place, clicked = (int(rng.integers(n)) for n in (50, 3, 2))
        lines.append(f"{user},{rng.choice(IDS)},{place + 1},{clicked},{1 / len(IDS)}")
    (folder / "shown.csv").write_text("\n".join(lines) + "\n")
    for name in ("items", "new", "january", "february"):
        shutil.copy(folder / "catalogue.arrow", folder / f"{name}.arrow")
    (folder / "sold-out.txt").write_text(f"{IDS[-1]}\n")
    (folder / "logs").mkdir()
    for month in ("01", "02"):
        (folder / "logs" / f"2026-{month}.csv.gz").write_bytes(gzip.compress(b"user_id,item_id\n42,1164\n"))


def write_models(folder: Path) -> None:
    """als.arrow and knn.arrow: two models by hand, of user 42 and others, over the items of the folder; team.txt."""
    (folder / "team.txt").write_text("42\n7\n")
    (folder / "users.key").write_text("of the tests, and long enough\n")
    rng = np.random.default_rng(0)
    clicks = sp.csr_matrix((rng.random((50, len(IDS))) < 0.2).astype(np.float32))
    users = Users(tuple(map(str, range(50))), clicks, factors=rng.normal(size=(50, 4)).astype(np.float32))
    items = Items(tuple(IDS), np.ones(len(IDS), bool), rng.normal(size=(len(IDS), 4)).astype(np.float32))
    links = Items(tuple(IDS), np.ones(len(IDS), bool), neighbours=sp.csr_matrix(clicks.T @ clicks, dtype=np.float32))
    about = read_all(folder / "items.csv").drop_columns(["item_id"])
    settings = {"embedding_size": 4, "unobserved_weight": 0.1, "reg": 0.01, "nu": 1.0}
    als = Model("als", settings, users, items, (("behaviour", 4),))
    for name, model in (("als", als), ("knn", Model("item-knn", {}, Users(users.ids, clicks), links))):
        write_table(to_table(model, about), folder / f"{name}.arrow")


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    script = f'set -o pipefail; visrec() {{ "{sys.executable}" -m visrec_cli "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, timeout=HANGS)


@pytest.mark.parametrize("line", [line for verb in VERBS if verb not in ELSEWHERE for line in examples(verb)])
def test_it_works_as_it_stands(desk: Path, line: str) -> None:
    for name in ("table.arrow", "items.arrow", "catalogue.arrow", "new.arrow"):  # other examples write them
        shutil.copy(desk / "fused.arrow", desk / name)
    done = typed(line, desk)
    assert done.returncode == 0, done.stderr.decode()
    assert b"error" not in done.stderr
    if " -o " in line:
        assert (desk / line.split(" -o ")[1].split()[0]).stat().st_size > 0
    elif "--html" not in line and "--map" not in line:
        assert done.stdout


def test_every_verb_has_examples() -> None:
    assert all(examples(verb) for verb in VERBS)

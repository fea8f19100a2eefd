"""Names that somebody chose to do harm, or that are only odd: of pictures, tables, items, and on the command line.

Each is taken as it is; nothing of it is obeyed by a shell, an option parser, a terminal or a browser.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import visrec_cli as visrec
from tests.conftest import COLOURS, draw
from tests.robustness.forked import Forks
from tests.robustness.kills import KILLS, Ended, at_once

NAMES = (
    "-o", "--help", "-", "a\nb", "a\r\nb", 'say "so"', "it's", " before", "after ", "\t", "...", "~", "$(id)", "`id`",
    "a;b", "a|b", "a&b", "*", "a?b", "[a-z]", "%s%n", "{0}", "#1", "=1+1", "@a", "a,b", "a::b", "s.zip::x", "file:x",
    "http:x", "\x1b[31mred\x1b[0m", "\x9b31m", "\a\b", "\u202egnp", "[red]bold[]", "<b>&amp;", "é", "e\u0301",
    "{{7*7}}", "<script>window.hit=1", "NULL", "nan", "007", "1e5", "\udcff\udcfe",
    "😀" * 62, "x" * 249,
)  # fmt: skip
ODD = ("-o", "a\nb", "\x1b[31mred", "\u202egnp", "\udcff\udcfe", "😀" * 61, "x" * 249, " ", "[red]", "$(id)")
LONG = KILLS > 100
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def clean(ended: Ended, *codes: int) -> Ended:
    """Held to the codes; and what it says obeys no terminal."""
    assert ended.codes[0] in codes, ended
    assert not CONTROL.search(ended.said[0]), ended
    assert "a bug in visrec" not in ended.said[0]
    return ended


def in_turn(forks: Forks, commands: list[list[str]], folder: Path) -> Iterator[Ended]:
    """Some at a time."""
    for place in range(0, len(commands), 6):
        yield from at_once(forks, commands[place : place + 6], folder)


def fits(name: str, limit: int = 255) -> bool:
    return len(os.fsencode(name)) <= limit


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures with all the names."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "imgs").mkdir()
    colours = list(COLOURS.values())
    for number, name in enumerate(NAMES):
        shape = "disc" if number % 2 else "square"
        draw(shape, colours[number // 2 % 4], size=32 + number, seed=number).save(folder / "picture.png")
        os.rename(folder / "picture.png", os.fsencode(folder / "imgs" / f"{name}.png"))  # noqa: PTH104
    return folder


def test_pictures_of_all_names_go_through_every_verb(pictures: Path, forks: Forks) -> None:
    def run(*words: str) -> Ended:
        return clean(at_once(forks, [words], pictures)[0], 0)

    run("preprocess", "imgs", "-o", "items.arrow", "--rejects", "rejects.csv")
    run("embed-images", "items.arrow", "-e", "colour", "-o", "t.arrow")
    found = set(visrec.open_table(str(pictures / "t.arrow")).read_all()["item_id"].to_pylist())
    rejects = visrec.open_table(str(pictures / "rejects.csv")).read_all()
    usable = {name for name in NAMES if "\udcff" not in name and not name.startswith(".")}  # hidden: counted
    assert usable <= found | set(rejects["item_id"].to_pylist())
    for name in ("t.csv", "t.tsv", "t.ndjson", "t.parquet"):
        run("recommend", "t.arrow", "--all", "-k", "2", "-o", name)
        ids = visrec.open_table(str(pictures / name)).read_all()["query_id"].to_pylist()
        assert set(ids) == found, name
    run("show", "t.arrow", "--html", "t.html")
    run("show", "t.arrow", "--map", "map.html")
    run("recommend", "t.arrow", "--all", "-k", "2", "-o", "r.arrow")
    run("show", "r.arrow", "--html", "r.html")
    for page in ("t.html", "map.html", "r.html"):
        text = (pictures / page).read_text("utf-8")
        assert not CONTROL.search(text), page
        assert "<b>&amp;" not in text
        assert "<script>window.hit" not in text
    for name in sorted(found if LONG else found & set(ODD)):
        run("recommend", "t.arrow", f"--item={name}", "-k", "2", "-o", "one.arrow")


VERBS = (
    ("images.arrow", "embed-images {} -e colour -o x.arrow"),
    ("images.arrow", "embed-text {} --columns title -o x.arrow"),
    ("images.arrow", "fuse {} -o x.arrow"),
    ("images.arrow", "recommend {} --all -k 2 -o x.parquet"),
    ("images.arrow", "show {}"),
    ("items.csv", "preprocess imgs --items {} -o x.arrow"),
    ("items.csv", "show {}"),
    ("clicks.csv", "interactions {} -o x.csv"),
    ("clicks.csv", "split {} -o x.arrow"),
    ("clicks.csv", "train-cf {} -m ease -o x.arrow"),
    ("model.arrow", "recommend {} --all-users -k 2 -o x.csv"),
    ("model.arrow", "profile {} --user u1 -o x.arrow"),
    ("clicks.csv", "eval lists.csv --truth {} -o x.csv --html x.html --markdown x.md --junit x.xml"),
    ("lists.csv", "eval {} --truth clicks.csv -o x.csv --html x.html --markdown x.md"),
    ("imgs", "preprocess {} -o x.arrow"),
    ("imgs", "embed-images {} -e colour -o x.arrow --rejects x.csv"),
)


@pytest.mark.parametrize(("file", "words"), VERBS, ids=[words for _, words in VERBS])
def test_inputs_of_odd_names(desk: Path, forks: Forks, tmp_path: Path, file: str, words: str) -> None:
    work = shutil.copytree(desk, tmp_path / "work")
    commands = []
    for place, name in enumerate(ODD):
        folder = work / str(place)
        folder.mkdir()
        os.symlink("../" + file, os.fsencode(folder / name))  # noqa: PTH211
        commands.append([word.replace("x.", f"{place}x.").replace("{}", f"{place}/{name}") for word in words.split()])
    codes = (0, 65) if file == "imgs" else (0,)  # a path is text in a table, and some bytes are none
    for ended, name in zip(in_turn(forks, commands, work), ODD, strict=True):
        clean(ended, *(codes if "\udcff" in name else (0,)))


@pytest.mark.parametrize("ending", [".arrow", ".csv", ".html"])
def test_outputs_and_inputs_of_all_names(desk: Path, forks: Forks, tmp_path: Path, ending: str) -> None:
    shutil.copy(desk / "images.arrow", tmp_path / "in.arrow")
    option = "--html" if ending == ".html" else "-o"
    names = [f"{name}{ending}" for name in (NAMES if LONG else ODD) if fits(f"{name}{ending}")]
    commands = [["show", "in.arrow", option, f"./{name}"] for name in names]
    for ended in in_turn(forks, commands, tmp_path):
        clean(ended, 0)
    assert sorted(os.fsencode(path.name) for path in tmp_path.iterdir()) == sorted(
        [b"in.arrow", *map(os.fsencode, names)]
    )
    if ending != ".html":
        commands = [["check", f"./{name}"] for name in names]
        for ended in in_turn(forks, commands, tmp_path):
            clean(ended, 0)
            assert not CONTROL.search(ended.written.decode()), ended


@pytest.mark.parametrize(
    "words",
    [
        ("{}",),
        ("check", "{}"),
        ("recommend", "in.arrow", "--item={}"),
        ("recommend", "in.arrow", "--item=00", "--where={}"),
        ("show", "in.arrow", "--columns={}"),
        ("show", "in.arrow", "-o", "{}"),
        ("show", "in.arrow", "--{}"),
        ("embed-images", "in.arrow", "--encoder={}"),
        ("preprocess", "{}/imgs", "-o", "x.arrow"),
        ("recommend", "model.arrow", "--user={}"),
        ("profile", "model.arrow", "--user={}"),
        ("show", "in.arrow", "--html", "x.html", "--title={}"),
        ("eval", "lists.csv", "--truth", "clicks.csv", "--names={}"),
        ("train-cf", "clicks.csv", "-m", "ease", "--set={}", "-o", "x.arrow"),
        ("interactions", "clicks.csv", "--item-column={}", "-o", "x.arrow"),
        ("split", "{}", "-o", "x.arrow"),
    ],
    ids=lambda words: " ".join(words),
)
def test_words_of_all_names(desk: Path, forks: Forks, tmp_path: Path, words: tuple[str, ...]) -> None:
    """On the command line, where most of them name nothing: said so in words that can be printed."""
    for name in ("images.arrow", "model.arrow", "clicks.csv", "lists.csv"):
        shutil.copy(desk / name, tmp_path / name.replace("images", "in"))
    commands = [[word.format(name) for word in words] for name in (NAMES if LONG else ODD)]
    for ended in in_turn(forks, commands, tmp_path):
        clean(ended, 0, 2, 65, 66, 69, 73)

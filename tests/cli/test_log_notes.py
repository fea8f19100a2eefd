"""What there is to know of a log is said by every verb that reads one: once, on stderr, and not again when it was."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import visrec_cli
from tests.conftest import COLOURS, draw
from tests.stages.train_encoder.catalogues import tiny_backbone
from visrec_cli.app import run
from visrec_cli.commands.lazy_commands import VERBS, Verbs
from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import flag_of

#: The notes on ``log.csv``, as far as they are the same in every verb.
NOTES = {
    "events": "the log holds events of several kinds, which count alike: view (73), buy (14); ",
    "ratings": "the weights are ratings from 1 to 10",
    "positions": "the times are whole numbers from 0 to 21: an order of the events, and no dates",
    "ranks": "the log has ranks, as recommendations do: is it what users did?",
    "nobody": "the user with the most rows is called 'NULL' (15 of 87)",
}
#: A line for every option and argument that reads a log; LOG is the log.
LINES = {
    "interactions LOG": "interactions LOG",
    "split LOG": "split LOG",
    "train-cf LOG": "train-cf LOG --model popularity",
    "recommend --history": "recommend model.arrow --all-users --history LOG -k 1",
    "recommend --sessions": "recommend model.arrow --sessions LOG -k 1",
    "profile MODEL|LOG": "profile LOG --user u1",
    "fuse --target": "fuse vectors.arrow --method attention --target clicks:LOG --set epochs=1",
    "train-encoder --target": "train-encoder pictures.csv --target clicks:LOG --backbone BACKBONE --epochs 1 "
    "--batch-size 16 --device cpu -o m.safetensors",
    "eval --truth": "eval recs.csv --truth LOG --metrics hit@1 --resamples 0",
    "eval --train": "eval recs.csv --truth plain.csv --train LOG --metrics hit@1 --resamples 0",
    "eval --logged": "eval recs.csv --logged LOG --resamples 0",
}
#: Notes that mean nothing there: what was known before is no like; what was shown has no weights and no times.
NOT_OF = {"eval --train": {"ratings"}, "eval --logged": {"events", "ratings", "positions", "ranks"}}
MAIN = {"interactions LOG", "split LOG", "train-cf LOG", "profile MODEL|LOG", "fuse --target", "train-encoder --target"}


def reads_logs() -> set[str]:
    """Every option and argument of which the help says that it is a log."""
    return {
        f"{verb} {flag_of(parameter)}".replace("[LOG]", "LOG").replace("[MODEL|LOG]", "MODEL|LOG")
        for verb in VERBS
        for parameter in Verbs()[verb].params
        if isinstance(Verbs()[verb].files.get(parameter.name), Reads)
        and re.search(r"\bLOG\b|\ba log\b", f"{parameter.metavar} {parameter.help}")
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 24 things, its model, lists from it, and logs in which much is odd."""
    home = tmp_path_factory.mktemp("logs")
    items = [f"{shape}-{colour}-{n}" for shape in ("square", "disc") for colour in COLOURS for n in (0, 1, 2)]
    lines = ["item_id,image_path"]
    for n, name in enumerate(items):
        shape, colour, _ = name.split("-")
        draw(shape, COLOURS[colour], seed=n).save(home / f"{name}.png")
        lines.append(f"{name},{home / name}.png")
    (home / "pictures.csv").write_text("\n".join(lines) + "\n")
    pairs = [("NULL", item) for item in items[:15]] + [(f"u{n % 6}", items[(n * 5 + n // 24) % 24]) for n in range(72)]
    rows = [
        f"{user},{item},{n % 10 + 1},{'buy' if n % 6 == 5 else 'view'},{n // 4},{n % 2},1"
        for n, (user, item) in enumerate(pairs)
    ]
    (home / "log.csv").write_text("\n".join(["user_id,item_id,rating,event,time,clicked,rank", *rows]) + "\n")
    (home / "plain.csv").write_text("\n".join(["user_id,item_id", *(f"{u},{i}" for u, i in pairs[15:])]) + "\n")
    (home / "backbone").write_text(tiny_backbone(home))
    for line in (
        "train-cf plain.csv --model item-knn -o model.arrow",
        "recommend model.arrow --all-users -k 2 -o recs.csv",
        "embed-images pictures.csv -e colour -o colour.arrow",
        "embed-images colour.arrow -e lbp --into shape_embedding -o vectors.arrow",
    ):
        assert run(in_folder(home, f"{line} -q")) == 0
    return home


def in_folder(home: Path, line: str, log: str = "log.csv") -> list[str]:
    """A line whose files are in a folder."""
    words = line.replace("LOG", log).replace("BACKBONE", (home / "backbone").read_text()).split()
    return [re.sub(r"(^|:)(\w+\.(?:csv|arrow|parquet|safetensors))$", rf"\1{home}/\2", word) for word in words]


@pytest.fixture
def said(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., tuple[str, bytes]]:
    """What a line says on stderr, and what it writes on stdout."""

    def of(line: str, log: str = "log.csv") -> tuple[str, bytes]:
        capfdbinary.readouterr()
        code = run(in_folder(folder, line, log))
        out, err = capfdbinary.readouterr()
        assert code == 0, err.decode()
        return err.decode(), out

    return of


def test_there_is_a_line_for_every_option_that_reads_a_log() -> None:
    assert reads_logs() == set(LINES)


@pytest.mark.parametrize("option", LINES)
def test_every_verb_says_the_notes_once_and_on_stderr(option: str, said: Any) -> None:
    err, out = said(LINES[option])
    expected = set(NOTES) - NOT_OF.get(option, set())
    assert {kind: err.count(note) for kind, note in NOTES.items()} == {kind: kind in expected for kind in NOTES}
    assert err.count("density ") == (option in MAIN)
    assert not any(note.encode() in out for note in NOTES.values())
    assert said(f"{LINES[option]} -q")[0] == ""


@pytest.mark.parametrize("option", LINES)
def test_a_note_names_options_that_there_are(option: str, said: Any) -> None:
    """Of the verb itself, or of the verb that is named before it."""
    err, _ = said(LINES[option])
    for note in err.splitlines():
        if not any(words in note for words in NOTES.values()):
            continue
        for before, flag in re.findall(r"(\S+) (--(?:min-weight|events))\b", note):
            verb = before if before in VERBS else option.split()[0]
            assert flag in {name for parameter in Verbs()[verb].params for name in parameter.opts}, note


@pytest.mark.parametrize("option", sorted(set(LINES) - {"eval --logged"}))
@pytest.mark.parametrize("made", ["interactions LOG -o made.arrow", "split LOG -o made.parquet"])
def test_nothing_is_said_again_of_a_log_that_was_looked_over(option: str, made: str, said: Any, folder: Path) -> None:
    if option == "split LOG" and made.startswith("split"):
        return  # it is split already
    err, _ = said(made)
    assert all(err.count(note) == 1 for note in NOTES.values())
    err, _ = said(LINES[option], made.split()[-1])
    assert not [kind for kind, note in NOTES.items() if note in err]
    assert "density " not in err


@pytest.mark.parametrize("way", ["-", "/dev/stdin"])
def test_nothing_is_said_again_in_a_pipe(way: str, folder: Path, shell: Any) -> None:
    lines = f"cd {folder} && visrec interactions log.csv | visrec split {way} | visrec train-cf {way} -m popularity"
    done = shell(f"{lines} > /dev/null")
    assert done.returncode == 0, done.stderr.decode()
    assert all(done.stderr.decode().count(note) == 1 for note in (*NOTES.values(), "density "))


def test_only_the_log_reader_opens_logs() -> None:
    """So no verb can read one without the notes."""
    root = Path(visrec_cli.__file__).parent
    users = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and "open_interactions" in {one.name for one in node.names}
    ]
    assert users == ["logs/reader.py"]

"""Whether an output can be written is asked before any work: every output option of every verb, in every way."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_option_requirements import LEAST
from visrec_cli.app import run
from visrec_cli.commands.lazy_commands import VERBS, Verbs
from visrec_cli.options.files import ENDINGS, HOLDS, Reads, Writes
from visrec_cli.options.requirements import flag_of
from visrec_cli.tables.writers import ENDINGS as TABLES

#: What output options need beside them to be of use.
WITH = {"eval": ["--truth", "log.csv", "--baselines"]}
#: Lines whose result is another, with what it is.
OTHERWISE = [
    ("preprocess", ["imgs", "--store", "jpeg"], "stored pictures"),
    ("embed-images", ["imgs", "--labels", "2"], "labels beside vectors"),
    ("fuse", ["table.arrow", "--method", "tsne"], "a table"),
]
NAMES = {**TABLES, **{ending: "" for endings in ENDINGS.values() for ending in endings}, ".xlsx": ""}
OUTPUTS = [
    pytest.param(verb, parameter, one, id=f"{verb} {flag_of(parameter)}")
    for verb in VERBS
    for parameter in Verbs()[verb].params
    if isinstance(one := Verbs()[verb].files.get(parameter.name), Writes)
]


@pytest.fixture
def enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command line in an empty folder: its exit code, what it said, and whether the verb was entered."""
    monkeypatch.chdir(tmp_path)
    entered: list[str] = []

    def made(verb: str) -> Any:
        command = _made(verb)
        command.callback = lambda **_: entered.append(verb)
        return command

    from visrec_cli.commands.lazy_commands import _made

    monkeypatch.setattr("visrec_cli.commands.lazy_commands._made", made)

    def line(*arguments: str) -> tuple[int, str, bool]:
        entered.clear()
        code = run(list(arguments))
        return code, capsys.readouterr().err, bool(entered)

    return line


def base(verb: str, flag: str) -> list[str]:
    """A line of the verb without the output."""
    least = LEAST.get(verb, [])
    if flag == "--output" and flag in least:
        at = least.index(flag)
        least = least[:at] + least[at + 2 :]
    return [verb, *least, *WITH.get(verb, [])]


def what_of(verb: str, one: Writes) -> str:
    return one.what if isinstance(one.what, str) else {"preprocess": "a table"}.get(verb, "vectors")


def test_every_option_that_names_a_file_says_whether_it_is_read_or_written() -> None:
    silent = {
        ("cache", "folder"),
        ("demo", "folder"),
        ("embed-images", "cache"),
        ("embed-text", "cache"),
        ("recommend", "cache"),
    }  # folders of ours
    words = ("FILE", "FOLDER", "TABLE", "LOG", "RECS", "SOURCE", "DIR", "MODEL")
    for verb in VERBS:
        command = Verbs()[verb]
        for parameter in command.params:
            named = any(word in (parameter.metavar or "") for word in words)
            declared = parameter.name in command.files or (verb, parameter.name) in silent
            assert declared or not named, f"{verb} {flag_of(parameter)} declares neither Reads nor Writes"


@pytest.mark.parametrize(("verb", "parameter", "one"), OUTPUTS)
def test_a_name_that_cannot_hold_the_result(verb: str, parameter: Any, one: Writes, enter: Any) -> None:
    flag, what = flag_of(parameter), what_of(verb, one)
    for ending, form in NAMES.items():
        fits = form in HOLDS.get(what, ()) or ending in ENDINGS.get(what, ()) or what not in (*HOLDS, *ENDINGS)
        code, said, entered = enter(*base(verb, flag), flag, f"x{ending}")
        assert (code == 0) == entered == fits, (ending, said)
        assert fits or (code == 2 and f"x{ending}" in said and "fix: " in said), (ending, said)


@pytest.mark.parametrize(("verb", "arguments", "what"), OTHERWISE)
def test_a_result_that_an_option_changes(verb: str, arguments: list[str], what: str, enter: Any) -> None:
    for ending, form in TABLES.items():
        code, said, entered = enter(verb, *arguments, "-o", f"x{ending}")
        assert (code == 0) == entered == (form in HOLDS[what]), (ending, said)
        assert entered or f" {what}" in said


@pytest.mark.parametrize("verb", [verb for verb in VERBS if "format" in {p.name for p in Verbs()[verb].params}])
def test_a_format_that_cannot_hold_the_result(verb: str, enter: Any) -> None:
    what = what_of(verb, Verbs()[verb].files["output"])
    for form in set(TABLES.values()):
        fits = form in HOLDS[what]
        code, said, entered = enter(*base(verb, "--output"), "--format", form, "--output", "x")
        assert (code == 0) == entered == fits, (form, said)
        code, said, entered = enter(*base(verb, "--output"), "--format", form)
        assert (code == 0) == entered == (fits and form != "npy"), (form, said)  # a matrix goes through no pipe
    assert enter(*base(verb, "--output"), "--format", "xlsx")[::2] == (2, False)


@pytest.mark.parametrize(("verb", "parameter", "one"), OUTPUTS)
def test_a_place_where_nothing_can_be_written(
    verb: str, parameter: Any, one: Writes, enter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag, name = flag_of(parameter), f"x{fitting(what_of(verb, one))}"
    (tmp_path / "file").touch()
    code, said, entered = enter(*base(verb, flag), flag, f"file/{name}")
    assert (code, entered) == (73, False), said
    if one.within:
        return
    (tmp_path / name).mkdir()
    for place, words in ((f"no/such/{name}", "its folder does not exist"), (name, "it is a folder")):
        code, said, entered = enter(*base(verb, flag), flag, place)
        assert (code, entered) == (73, False), said
        assert words in said
    if os.geteuid():  # nobody keeps root out
        (tmp_path / "closed").mkdir(mode=0o500)
        assert enter(*base(verb, flag), flag, f"closed/{name}")[::2] == (73, False)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "closed") == ["file", name]


@pytest.mark.parametrize(("verb", "parameter", "one"), OUTPUTS)
def test_two_outputs_in_one_file(verb: str, parameter: Any, one: Writes, enter: Any) -> None:
    for other, also in Verbs()[verb].files.items():
        if not isinstance(also, Writes) or other == parameter.name or one.within or also.within:
            continue
        flag, second = flag_of(parameter), flag_of(next(p for p in Verbs()[verb].params if p.name == other))
        name = next((f"x{e}" for e in NAMES if all(e in endings_of(what_of(verb, w)) for w in (one, also))), None)
        if name is None or "cannot be used with" in enter(*base(verb, flag), flag, name, second, f"y{name[1:]}")[1]:
            continue
        code, said, entered = enter(*without(base(verb, flag), second), flag, name, second, f"./{name}")
        assert (code, entered) == (2, False), said
        assert "are one file" in said


def test_two_outputs_on_stdout_and_a_page_that_cannot_go_there(enter: Any) -> None:
    code, said, entered = enter("embed-images", "imgs", "--rejects", "-")
    assert (code, entered) == (2, False)
    assert "are one stream" in said
    assert enter("embed-images", "imgs", "--rejects", "-", "-o", "x.arrow")[2]
    code, said, entered = enter("profile", "log.csv", "--user", "u", "--html", "-")
    assert (code, entered) == (2, False)
    assert "--html needs the name of a file" in said
    assert enter("show", "x.arrow", "--html", "-")[2]


@pytest.mark.parametrize(("verb", "parameter", "one"), OUTPUTS)
def test_an_output_that_is_an_input(verb: str, parameter: Any, one: Writes, enter: Any, tmp_path: Path) -> None:
    flag, name = flag_of(parameter), f"x{fitting(what_of(verb, one))}"
    for other, read in Verbs()[verb].files.items():
        if not isinstance(read, Reads) or one.within:
            continue
        (tmp_path / name).touch()
        parameters = {p.name: p for p in Verbs()[verb].params}
        line = base(verb, flag)
        if parameters[other].param_type_name == "argument":
            line = [verb, name, *line[1 + (verb in LEAST) :]]
        elif flag_of(parameters[other]) in line:
            line[line.index(flag_of(parameters[other])) + 1] = name
        else:
            line += [flag_of(parameters[other]), name]
        code, said, entered = enter(*line, flag, str(tmp_path / name))
        if " needs " in said or "cannot be used with" in said:  # an input of another way of asking
            continue
        if other in one.over:
            assert entered, said
            continue
        assert (code, entered) == (2, False), (other, said)
        assert "would replace" in said


def test_an_input_that_the_result_holds_may_be_replaced_unless_the_format_leaves_something_out(
    enter: Any, tmp_path: Path
) -> None:
    for name in ("x.arrow", "x.csv", "x.npy", "log.arrow"):
        (tmp_path / name).touch()
    assert enter("fuse", "x.arrow", "-o", "x.arrow")[2]
    assert not enter("fuse", "x.npy", "-o", "x.npy")[2]
    assert not enter("embed-images", "x.csv", "--labels", "2", "-o", "x.csv")[2]
    assert not enter("fuse", "x.arrow", "--method", "gated", "--target", "clicks:log.arrow", "-o", "log.arrow")[2]
    (tmp_path / "parts" / "fold-0").mkdir(parents=True)
    for inside in ("parts/train.parquet", "parts/fold-0/test.parquet", "parts/clicks.parquet"):
        (tmp_path / inside).touch()
        assert enter("split", inside, "--files", "parts")[2] == ("clicks" in inside)
    (tmp_path / "link.arrow").symlink_to(tmp_path / "x.arrow")
    assert not enter("train-cf", "x.arrow", "-o", "link.arrow")[2]
    assert enter("train-cf", "x.arrow", "--save-checkpoint", "c.npz", "--resume", "c.npz")[2]
    assert enter("embed-images", "x.arrow", "-o", "/dev/null", "--rejects", "/dev/null", "--format", "arrow")[0] == 2
    assert enter("recommend", "x.arrow", "--all", "--format", "arrow", "-o", "/dev/null")[2]


def endings_of(what: str) -> list[str]:
    """The endings that can hold it."""
    if what not in (*HOLDS, *ENDINGS):
        return list(NAMES)
    return [e for e, form in NAMES.items() if form in HOLDS.get(what, ()) or e in ENDINGS.get(what, ())]


def fitting(what: str) -> str:
    return endings_of(what)[0]


def without(line: list[str], flag: str) -> list[str]:
    """The line without an option that it has."""
    if flag not in line:
        return line
    at = line.index(flag)
    return line[:at] + line[at + 2 :]


@pytest.mark.parametrize(
    "words",
    [
        "recommend - --sessions -",
        "recommend - --image -",
        "recommend a.arrow - - --all-users",
        "fuse - --method attention --target clicks:- -o f.arrow",
        "train-encoder - --target clicks:- -o e.safetensors",
        "train-cf - --items -",
        "eval - --truth t.csv --logged -",
        "split - --items - --group brand",
    ],
)
def test_stdin_is_read_once(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever input were read second would find nothing there."""
    assert run(words.split()) == 2
    assert "stdin can be read once" in capsys.readouterr().err

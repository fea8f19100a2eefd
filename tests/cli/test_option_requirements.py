"""What options declare is asked: of every option of every verb, each need that is not met is refused, and named."""

from typing import Any

import pytest

from tests.docs.options import PAGE, options_of, page
from visrec_cli.app import run
from visrec_cli.commands.lazy_commands import VERBS, Verbs
from visrec_cli.options.requirements import (
    CommandValues,
    Condition,
    Excludes,
    Needs,
    NeedsInput,
    Requirement,
    check_requirements,
    flag_of,
)

#: What a verb cannot run without. Nothing of it is there: needs are asked before anything is opened.
LEAST = {
    "preprocess": ["imgs"],
    "train-encoder": ["items.arrow", "--target", "self", "--output", "m.safetensors"],
    "export-encoder": ["lite0", "--output", "m.onnx"],
    "eval": ["lists.csv"],
    "concat": ["items.arrow"],
    "check": ["items.arrow"],
    "cache": ["clear"],
}
#: How to make a condition hold that no option names.
MADE = {
    "--encoder colour, lbp, hog, which needs no model": ["--encoder", "colour"],
    "--encoder colour, lbp, hog, which computes on the CPU": ["--encoder", "lbp+hog"],
    "--validation 0": ["--validation", "0"],
    "a --set ridge for cca, where nothing is left to choose": ["--method", "cca", "--set", "ridge=0.1"],
    "--resamples 0, without --baselines and --logged": ["--resamples", "0"],
}
VALUES = {"device": "cuda", "seed": "7", "set": "a=1"}


def written(parameter: Any, value: str | None = None) -> list[str]:
    """The option as it stands on a command line."""
    if getattr(parameter, "is_flag", False):
        return [flag_of(parameter)]
    if value is None:
        value = VALUES.get(parameter.name, "1")  # a number, and a word
    return [value] if parameter.param_type_name == "argument" else [flag_of(parameter), value]


def in_the_way(one: str | Condition, parameters: dict[str, Any]) -> list[str]:
    """What makes the condition of an Excludes hold."""
    if isinstance(one, Condition):
        return MADE[one.words]
    flag, _, values = one.partition(" ")
    owner = next(p for p in parameters.values() if flag in p.opts)
    return written(owner, values.split("|")[0] or None)


def unmet(one: Needs, parameters: dict[str, Any]) -> list[str]:
    """What makes no condition of a Needs hold: nothing, or another value where the default is one of those."""
    extra: list[str] = []
    for condition in one.conditions:
        if isinstance(condition, str) and " " in condition and condition.startswith("--"):
            owner = next(p for p in parameters.values() if condition.partition(" ")[0] in p.opts)
            extra += [] if owner.default is None or flag_of(owner) in extra else written(owner, "another")
    return extra


DECLARED = [
    pytest.param(verb, parameter, one, id=f"{verb} {flag_of(parameter)} {number}")
    for verb in VERBS
    for parameter, declared in options_of(verb)
    for number, one in enumerate(declared)
]


@pytest.mark.parametrize(("verb", "parameter", "one"), DECLARED)
def test_a_need_that_is_not_met_is_refused(verb: str, parameter: Any, one: Requirement) -> None:
    command = Verbs()[verb]
    parameters = {p.name: p for p in command.params}
    if isinstance(one, NeedsInput):  # the stage asks: tests/cli/test_options.py
        assert one.words(parameters)
        return
    lines = [unmet(one, parameters)] if isinstance(one, Needs) else [in_the_way(c, parameters) for c in one.conditions]
    for others in lines:
        # ours last: the others stand for what a base line holds
        line = CommandValues(command.make_context(verb, [*LEAST.get(verb, []), *others, *written(parameter)]))
        refusal = one.refusal(parameter.name, line)
        assert refusal is not None, others
        assert str(refusal).startswith(f"{flag_of(parameter)} "), refusal
        assert refusal.exit_code == 2
        assert refusal.fix


@pytest.mark.parametrize("verb", VERBS)
def test_the_command_asks_before_it_does_anything(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every option that declares something refuses with 2, alone on the line of a verb whose function must not run."""
    command = Verbs()[verb]
    entered: list[str] = []
    monkeypatch.setattr(command, "callback", lambda **_: entered.append(verb))
    monkeypatch.setattr("visrec_cli.commands.lazy_commands._made", lambda _: command)
    for parameter, declared in options_of(verb):
        for one in declared:
            if isinstance(one, NeedsInput):
                continue
            parameters = {p.name: p for p in command.params}
            others = unmet(one, parameters) if isinstance(one, Needs) else in_the_way(one.conditions[0], parameters)
            assert run([verb, *LEAST.get(verb, []), *others, *written(parameter)]) == 2
            assert capsys.readouterr().err.startswith("visrec: error: --")
    assert not entered


def test_what_is_met_is_not_refused_and_a_default_is_nothing_that_was_asked() -> None:
    def refused(*arguments: str) -> bool:
        command = Verbs()["preprocess"]
        line = CommandValues(command.make_context("preprocess", list(arguments)))
        try:
            check_requirements(command.requirements, line)
        except Exception:
            return True
        return False

    assert not refused("imgs")  # --jpeg-quality has its default
    assert not refused("imgs", "--store", "jpeg", "--jpeg-quality", "90")
    assert refused("imgs", "--store", "png", "--jpeg-quality", "90")  # given, though it is the default's value
    assert not refused("imgs", "--resize", "32", "--mode", "pad", "--pad-colour", "red", "--store", "png")
    assert refused("imgs", "--resize", "32", "--pad-colour", "red", "--store", "png")


def test_an_option_from_elsewhere_than_the_command_line_asks_for_nothing() -> None:
    """A standing default (a default map, a variable) may be there for other lines: only what is written is refused."""
    command = Verbs()["preprocess"]
    context = command.make_context("preprocess", ["imgs"], default_map={"jpeg_quality": 80})
    line = CommandValues(context)
    assert line.values["jpeg_quality"] == 80
    check_requirements(command.requirements, line)


@pytest.mark.parametrize(
    ("option", "value", "holds"),
    [
        (["--target", "clicks:log.csv"], "--target clicks:LOG|preference:LOG", True),
        (["--target", "labels:colour"], "--target clicks:LOG|preference:LOG", False),
        (["--target", "self"], "--target labels:COLUMN|self", True),
    ],
)
def test_values_that_begin_so(option: list[str], value: str, holds: bool) -> None:
    command = Verbs()["train-encoder"]
    line = CommandValues(command.make_context("train-encoder", ["x", *option, "-o", "m.safetensors", "--epochs", "3"]))
    assert (Needs(value).refusal("epochs", line) is None) == holds
    assert (Excludes(value).refusal("epochs", line) is None) != holds


def test_the_page_of_options_is_what_they_declare() -> None:
    assert PAGE.read_text() == page(), "run: make docs"

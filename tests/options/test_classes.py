"""Classes of options: what becomes of a field on the command line, and in Python."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest
import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.classes import options_of, parameters_of, signature_of, takes
from visrec_cli.options.requirements import Needs, requirements_of
from visrec_cli.options.types import Tabular

LOG = Needs("--log")


@dataclass(frozen=True)
class Names:
    """Of columns."""

    user: Annotated[str | None, typer.Option("--user-column")] = None
    event: Annotated[str | None, typer.Option("--event-column"), Needs("--events")] = None


@dataclass(frozen=True)
class FewNames(Names):
    """Without events."""

    event: str | None = None


@dataclass(frozen=True, kw_only=True)
class Whole:
    """Everything that a field can be."""

    ids: Annotated[Sequence[str], typer.Option("--id")]
    kind: Annotated[str | None, typer.Option("--class", "-c")] = None
    table: Annotated[Tabular | None, typer.Option("--table")] = None
    file: Annotated[str | Path | None, typer.Option("--file")] = None
    names: Annotated[Names, LOG] = field(default_factory=Names)
    seed: int = 0


def built(**given: object) -> Whole:
    defaults = {one.name: one.default for one in parameters_of(Whole)}
    return Given({**defaults, **given}).of(Whole)


def test_parameters_are_called_by_their_flags_or_as_in_python_where_a_flag_is_a_word_of_it() -> None:
    assert [one.name for one in parameters_of(Whole)] == ["id", "kind", "table", "file", "user_column", "event_column"]


def test_tables_and_paths_are_text_and_sequences_can_be_repeated() -> None:
    kinds = {one.name: one.annotation.__origin__ for one in parameters_of(Whole)}
    assert kinds["id"] == list[str] | None
    assert kinds["table"] == kinds["file"] == kinds["kind"] == str | None


def test_a_need_beside_a_field_of_options_is_one_of_each_of_them() -> None:
    command = command_of(lambda given: None, Whole)
    events, *others = requirements_of(command)["event_column"]
    assert events.words({"e": typer_option("--events")}) == "needs --events"
    assert others == [LOG]
    assert requirements_of(command)["user_column"] == (LOG,)
    assert "kind" not in requirements_of(command)


def typer_option(flag: str) -> object:
    class Option:
        name, param_type_name, opts, secondary_opts = flag, "option", (flag,), ()

    return Option


def test_a_command_line_makes_the_options_that_python_makes() -> None:
    assert built(id=["a"], user_column="who") == Whole(ids=("a",), names=Names("who"))
    assert built() == Whole(ids=())


def test_a_subclass_can_leave_an_option_to_python() -> None:
    assert [one.name for one in parameters_of(FewNames)] == ["user_column"]
    assert Given({"user_column": "who"}).of(FewNames) == FewNames("who")


def test_one_name_for_two_options_is_refused() -> None:
    @dataclass(frozen=True)
    class Other:
        user: Annotated[str, typer.Option("--user-column")] = "user"

    assert list(signature_of([Names, FewNames]).parameters) == ["user_column", "event_column"]
    with pytest.raises(ValueError, match="two options are called 'user_column'"):
        signature_of([Names, Other])


def test_a_stage_shows_its_options_and_takes_them_by_name_or_in_one() -> None:
    @takes(Whole)
    def stage(source: str, options: Whole | None = None, **named: object) -> Whole:
        return options_of(Whole, options, named)

    shown = inspect.signature(stage).parameters
    assert list(shown) == ["source", "options", "ids", "kind", "table", "file", "names", "seed"]
    assert shown["ids"].default is inspect.Parameter.empty
    assert shown["names"].annotation is Names
    assert stage("log", Whole(ids=["a"], seed=1), seed=2) == Whole(ids=["a"], seed=2) == stage("log", ids=["a"], seed=2)
    with pytest.raises(TypeError, match="sead"):
        stage("log", ids=["a"], sead=2)


def test_none_stands_for_the_default_of_a_class_in_a_class() -> None:
    assert options_of(Whole, None, {"ids": ("a",), "names": None}).names == Names()
    given = Whole(ids=("a",), names=Names(user="who"))
    assert options_of(Whole, given, {"names": None}).names == Names(user="who")

"""Lazy loading of the verbs: a run imports only the module of its verb, and ``visrec --help`` all of them."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import wraps
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from visrec_cli.commands.fast_parser import take_plain_values
from visrec_cli.commands.output_checks import check_outputs, check_stdin
from visrec_cli.options.files import Reads, Writes, files_of
from visrec_cli.options.requirements import CommandValues, Requirement, check_requirements, requirements_of
from visrec_cli.runtime.command_line import CommandLine, run_under
from visrec_cli.runtime.startup import leave_pandas_out

VERBS = (
    "preprocess",
    "embed-images",
    "train-encoder",
    "export-encoder",
    "embed-text",
    "fuse",
    "concat",
    "interactions",
    "split",
    "train-cf",
    "recommend",
    "profile",
    "eval",
    "show",
    "check",
    "cache",
    "demo",
    "doctor",
)


class Stopped(Exception):
    """A closed pipe or Ctrl-C, wrapped because the libraries would turn the originals into other exit codes."""

    def __init__(self, code: int) -> None:
        self.code = code


class Verbs(MutableMapping[str, Any]):
    """Verb → its command, made on first use. In the order of VERBS, which is that of the help."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, verb: str) -> Any:
        if verb not in VERBS:
            raise KeyError(verb)
        if verb not in self._made:
            self._made[verb] = _made(verb)
        return self._made[verb]

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)

    def __setitem__(self, verb: str, command: Any) -> None:
        raise TypeError("verbs are named in VERBS, each with its module in visrec_cli.commands")

    def __delitem__(self, verb: str) -> None:
        raise TypeError("verbs are named in VERBS")


class VerbCommand(TyperCommand):
    """One verb. requirements, files: what its options declare (option_requirements, file_options), by the names of
    their parameters."""

    requirements: Mapping[str, Sequence[Requirement]]
    files: Mapping[str, Writes | Reads]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the base class, but parse plain values without pydantic."""
        take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """As the base class, after checking the requirements of every option given. Raises UsageError."""
        line = CommandValues(ctx)
        options = frozenset(flag for one in self.get_params(ctx) for flag in (*one.opts, *one.secondary_opts))
        run_under(CommandLine(self.name or "", options, {name: line.flag(name) for name in line.given}))
        check_requirements(self.requirements, line)
        check_stdin(self.files, line)
        check_outputs(self.files, line)
        return super().invoke(ctx)


class VerbGroup(TyperGroup):
    """The group of all verbs; it knows their names without importing them, for suggestions and completion."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "commands": None})
        self.commands = Verbs()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the base class, but parse plain values without pydantic: Typer adds options to the finished group."""
        take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names only: the base class would build every command to ask for its name."""
        return list(VERBS)


def _made(verb: str) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    module = import_module(f"visrec_cli.commands.{verb.replace('-', '_')}")
    alone.command(verb, cls=VerbCommand)(_guarded(module.command))
    made: Any = get_command(alone)
    made.requirements, made.files = requirements_of(module.command), files_of(module.command)
    return made


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def guarded(*arguments: Any, **options: Any) -> None:
        leave_pandas_out()
        try:
            command(*arguments, **options)
        except KeyboardInterrupt as error:
            raise Stopped(130) from error
        except (BrokenPipeError, SystemExit) as error:
            if isinstance(error, BrokenPipeError) or isinstance(
                error.__context__, BrokenPipeError
            ):  # rich exits itself
                raise Stopped(141) from error
            raise

    return guarded

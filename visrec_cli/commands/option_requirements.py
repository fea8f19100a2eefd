"""What an option needs to have an effect: declared beside it, and asked in one place before any work.

    jpeg_quality: Annotated[int, typer.Option("--jpeg-quality"), Needs("--store jpeg")] = 90

A condition is written as on a command line: ``--store`` holds where that option has a value, ``--store jpeg`` where it
has this one, ``--by random|last`` where it has one of these, ``--target clicks:LOG`` where its value begins so. An
argument is named by its parameter: ``action prune``. What no such line can say is a Condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from visrec_cli.errors import UsageError


class CommandValues:
    """A command line as it was read. parameters: of the verb, by name. values: theirs. given: those written on it."""

    def __init__(self, context: Any) -> None:
        self.parameters = {one.name: one for one in context.command.params}
        self.values: Mapping[str, Any] = context.params
        sources = {name: context.get_parameter_source(name) for name in self.parameters}
        # by name: the enumeration has come from two libraries, and its text has changed
        self.given = [name for name, source in sources.items() if getattr(source, "name", None) == "COMMANDLINE"]

    def flag(self, name: str) -> str:
        """The option as it was meant: of ``--refit/--no-refit`` the one that gives its value."""
        return flag_of(self.parameters[name], off=self.values.get(name) is False)

    def has(self, name: str) -> bool:
        """Whether a parameter is set: no flag that is off, no 0, which turns a number off, and nothing empty."""
        value = self.values.get(name)
        return (value != "" or name in self.given) and bool(value == "" or value)


@dataclass(frozen=True)
class Condition:
    """What no single option says. words: as in "--blend needs several models"."""

    words: str
    holds: Callable[[CommandValues], bool]


class Requirement(Protocol):
    """What an option declares: ``words`` for the page of options, and ``refusal`` where it is not met."""

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "needs --store jpeg"."""

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """Why this option, which was written, cannot be meant; None where it can."""


class Needs:
    """The option means something only where one of the conditions holds."""

    def __init__(self, *conditions: str | Condition, fix: str | None = None) -> None:
        self.conditions, self._fix = conditions, fix

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "needs --store jpeg"."""
        return f"needs {either(_words(one, parameters) for one in self.conditions)}"

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """A refusal that names what is missing."""
        if any(_holds(one, line) for one in self.conditions):
            return None
        flag, first = line.flag(option), self.conditions[0]
        add = f"add {_words(first, line.parameters, whole=True)}, or " if isinstance(first, str) else ""
        return UsageError(f"{flag} {self.words(line.parameters)}", fix=self._fix or f"{add}leave out {flag}")


class Excludes:
    """The option means nothing where one of the conditions holds."""

    def __init__(self, *conditions: str | Condition, fix: str | None = None) -> None:
        self.conditions, self._fix = conditions, fix

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "not with --follow"."""
        return f"not with {either(_words(one, parameters) for one in self.conditions)}"

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """A refusal that names what is in the way."""
        other = next((one for one in self.conditions if _holds(one, line)), None)
        if other is None:
            return None
        flag, words = line.flag(option), _words(other, line.parameters)
        return UsageError(f"{flag} cannot be used with {words}", fix=self._fix or f"leave out {flag} or {words}")


@dataclass(frozen=True)
class NeedsInput:
    """What only the input can say; the stage asks, as soon as it knows (see runtime.command_line)."""

    what: str

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "needs a table of items"."""
        return f"needs {self.what}"

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """Nothing yet."""
        return None


def requirements_of(command: Callable[..., None]) -> dict[str, tuple[Requirement, ...]]:
    """What each parameter of a verb declares, by its name."""
    kinds = (Needs, Excludes, NeedsInput)
    every = {name: getattr(kind, "__metadata__", ()) for name, kind in command.__annotations__.items()}
    found = {name: tuple(one for one in declared if isinstance(one, kinds)) for name, declared in every.items()}
    return {name: some for name, some in found.items() if some}


def check_requirements(declared: Mapping[str, Sequence[Requirement]], line: CommandValues) -> None:
    """Raise UsageError for the first option on the command line whose needs are not met."""
    for name in line.given:
        for one in declared.get(name, ()):
            if (refusal := one.refusal(name, line)) is not None:
                raise refusal


def flag_of(parameter: Any, *, off: bool = False) -> str:
    """What messages call a parameter: the longest of its names; an argument by its metavar."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    return str(max((off and parameter.secondary_opts) or parameter.opts, key=len))


def _parts(condition: str, parameters: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The parameter that a condition is about, and the values that it asks for, if any."""
    flag, _, values = condition.partition(" ")
    owner = next(one for name, one in parameters.items() if flag == name or flag in one.opts)
    return owner, values.split("|") if values else []


def _holds(condition: str | Condition, line: CommandValues) -> bool:
    if isinstance(condition, Condition):
        return condition.holds(line)
    owner, wanted = _parts(condition, line.parameters)
    value = line.values.get(owner.name)
    if not wanted:
        return line.has(owner.name)
    return any(
        _fits(str(one), form) for one in (value if isinstance(value, list | tuple) else [value]) for form in wanted
    )


def _fits(value: str, form: str) -> bool:
    """``clicks:a.csv`` has the form ``clicks:LOG``; other forms are values."""
    head, colon, rest = form.partition(":")
    return value.startswith(head + colon) if colon and rest.isupper() else value == form


def _words(condition: str | Condition, parameters: Mapping[str, Any], *, whole: bool = False) -> str:
    """The condition as messages say it. whole: so that it can be typed, with what stands for a value."""
    if isinstance(condition, Condition):
        return condition.words
    owner, wanted = _parts(condition, parameters)
    name = [] if owner.param_type_name == "argument" else [flag_of(owner)]
    shown = [wanted[0]] if whole and wanted else [either(wanted)] if wanted else []
    takes = whole and not wanted and owner.metavar and not getattr(owner, "is_flag", False)
    return " ".join([*name, *shown, *([owner.metavar] if takes else [])])


def either(words: Iterable[str]) -> str:
    """As in "a, b or c"."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last

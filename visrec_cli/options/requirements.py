"""Requirements of options: declared beside each option, checked in one place before any work.

    jpeg_quality: Annotated[int, typer.Option("--jpeg-quality"), Needs("--store jpeg")] = 90

A condition is written as on a command line: ``--store`` holds if that option has a value, ``--store jpeg`` if it has
this value, ``--by random|last`` if it has one of these, ``--target clicks:LOG`` if its value begins so. An argument is
named by its parameter: ``action prune``. Anything else is a Condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from visrec_cli.errors import UsageError


class CommandValues:
    """A parsed command line. parameters: of the verb, by name. values: by name. given: names of those written on it."""

    def __init__(self, context: Any) -> None:
        self.parameters = {one.name: one for one in context.command.params}
        self.values: Mapping[str, Any] = context.params
        sources = {name: context.get_parameter_source(name) for name in self.parameters}
        # compared by name: the enumeration comes from either of two libraries, and its text has changed
        self.given = [name for name, source in sources.items() if getattr(source, "name", None) == "COMMANDLINE"]

    def flag(self, name: str) -> str:
        """The option as written: of ``--refit/--no-refit`` the one that gives its value."""
        return flag_of(self.parameters[name], off=self.values.get(name) is False)

    def has(self, name: str) -> bool:
        """Whether a parameter is set; flags that are off, 0 and empty values are not."""
        value = self.values.get(name)
        return (value != "" or name in self.given) and bool(value == "" or value)


@dataclass(frozen=True)
class Condition:
    """A condition that no single option expresses. words: as in "--blend needs several models"."""

    words: str
    holds: Callable[[CommandValues], bool]


class Requirement(Protocol):
    """A requirement of an option: ``words`` for the page of options, ``refusal`` if it is not met."""

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "needs --store jpeg"."""

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """Why this option cannot be used on this command line; None if it can."""


class Needs:
    """The option has an effect only if one of the conditions holds."""

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
    """The option has no effect if one of the conditions holds."""

    def __init__(self, *conditions: str | Condition, fix: str | None = None) -> None:
        self.conditions, self._fix = conditions, fix

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "not with --follow"."""
        return f"not with {either(_words(one, parameters) for one in self.conditions)}"

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """A refusal that names the condition."""
        other = next((one for one in self.conditions if _holds(one, line)), None)
        if other is None:
            return None
        flag, words = line.flag(option), _words(other, line.parameters)
        return UsageError(f"{flag} cannot be used with {words}", fix=self._fix or f"leave out {flag} or {words}")


@dataclass(frozen=True)
class NeedsInput:
    """A requirement of the input; the stage checks it once the input is known (see runtime.command_line)."""

    what: str

    def words(self, parameters: Mapping[str, Any]) -> str:
        """As in "needs a table of items"."""
        return f"needs {self.what}"

    def refusal(self, option: str, line: CommandValues) -> UsageError | None:
        """None: the stage checks it later."""
        return None


def requirements_of(command: Callable[..., None]) -> dict[str, tuple[Requirement, ...]]:
    """What each parameter of a verb declares, by its name."""
    kinds = (Needs, Excludes, NeedsInput)
    every = {name: getattr(kind, "__metadata__", ()) for name, kind in command.__annotations__.items()}
    found = {name: tuple(one for one in declared if isinstance(one, kinds)) for name, declared in every.items()}
    return {name: some for name, some in found.items() if some}


def check_requirements(declared: Mapping[str, Sequence[Requirement]], line: CommandValues) -> None:
    """Raise UsageError for the first option on the command line whose requirements are not met."""
    for name in line.given:
        for one in declared.get(name, ()):
            if (refusal := one.refusal(name, line)) is not None:
                raise refusal


def flag_of(parameter: Any, *, off: bool = False) -> str:
    """The name of a parameter in messages: the longest of its flags; of an argument its metavar."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    return str(max((off and parameter.secondary_opts) or parameter.opts, key=len))


def _parts(condition: str, parameters: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The parameter that a condition names, and the values that it requires, if any."""
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
    """The condition in the form of messages. whole: so that it can be typed, with its metavar."""
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

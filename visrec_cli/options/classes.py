"""Frozen dataclasses of options: from their fields come a verb's parameters, its checks and the Python signature.

A field says once what an option is called, means, needs and becomes::

    items: Annotated[Sequence[str], typer.Option("--item", metavar="ID", help="…"), NOT_FOR_USERS] = ()

On the command line a parameter has the name of its longest flag, in Python that of the field. A field that is
itself a class of options holds those, and what it declares besides (``columns: Annotated[Columns, Needs("--truth")]``)
holds for each of them. Any other field without a typer.Option or typer.Argument is Python's alone. A subclass that
declares a field again, with another need or none, changes the option or leaves it to Python.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from functools import cache
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

Options = TypeVar("Options")


@dataclass(frozen=True)
class CommandLineType:
    """How a field is typed where that differs from what it is: its type, default, and what makes the value of it."""

    type: Any
    default: Any
    parse: Callable[[Any], Any]


@dataclass(frozen=True)
class Parameter:
    """A field as a parameter of a verb. annotation: for Typer, with all that the field declares."""

    name: str
    field: str
    annotation: Any
    default: Any
    parse: Callable[[Any], Any]


@cache
def parameters_of(kind: Any) -> tuple[Parameter, ...]:
    """The fields of a class of options that a command line can give, in their order; those of classes in it, too."""
    hints = get_type_hints(kind, include_extras=True)
    found: list[Parameter] = []
    for one in fields(kind):
        inner, declared = _parts(hints[one.name])
        if _declared(hints[one.name]):
            found.append(_parameter(one, hints[one.name]))
        elif is_dataclass(inner):
            found += [_with(each, declared) for each in parameters_of(cast("type", inner))]
    return tuple(found)


def signature_of(kinds: Sequence[type]) -> inspect.Signature:
    """Of a verb with the options of these classes; one that several have is taken once. Raises ValueError where they
    differ."""
    found: dict[str, Parameter] = {}
    for one in (one for kind in kinds for one in parameters_of(kind)):
        if one.name in found and (found[one.name].annotation, found[one.name].default) != (one.annotation, one.default):
            raise ValueError(f"two options are called {one.name!r}")
        found.setdefault(one.name, one)
    return inspect.Signature(
        [
            inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=one.annotation)
            for one in found.values()
        ]
    )


def built(kind: Callable[..., Options], values: Mapping[str, Any], others: Mapping[str, Any]) -> Options:
    """The options of a class from the parameters of a verb, by name. others: fields that no parameter gives."""
    own = {one.field: one for one in parameters_of(kind)}
    given = dict(others)
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if _declared(hint):
            given[name] = own[name].parse(values[own[name].name])
        elif is_dataclass(inner := _parts(hint)[0]) and name not in others:
            given[name] = built(cast("Callable[..., Any]", inner), values, {})
    return kind(**given)


def options_of(kind: type[Options], options: Options | None, named: Mapping[str, Any]) -> Options:
    """What a caller from Python means: ``options``, with those that are ``named`` instead. Raises TypeError.

    None stands for the default of a field that is itself a class of options.
    """
    made = {one.name for one in fields(kind) if one.default_factory is not MISSING}  # type: ignore[arg-type]
    given = {name: value for name, value in named.items() if value is not None or name not in made}
    return kind(**given) if options is None else replace(options, **given)  # type: ignore[type-var]


def part_of(kind: type[Options], options: Any) -> Options:
    """The options of a class from those of one that has all its fields, and others."""
    return kind(**{one.name: getattr(options, one.name) for one in fields(kind)})  # type: ignore[arg-type]


def takes(kind: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Show the options of a class in the signature of a function that takes them by name."""

    def shown(function: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(function)
        hints = get_type_hints(kind)
        named = [
            inspect.Parameter(
                one.name, inspect.Parameter.KEYWORD_ONLY, default=_default(one), annotation=hints[one.name]
            )
            for one in fields(kind)
        ]
        kept = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        function.__signature__ = own.replace(parameters=[*kept, *named])  # type: ignore[attr-defined]
        return function

    return shown


def _declared(hint: Any) -> tuple[Any, ...]:
    """What a field declares, if it is an option or an argument."""
    _, declared = _parts(hint)
    return declared if any(isinstance(one, OptionInfo | ArgumentInfo) for one in declared) else ()


def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type of a field, and what it declares besides."""
    return (hint.__origin__, hint.__metadata__) if get_origin(hint) is Annotated else (hint, ())


def _with(parameter: Parameter, declared: tuple[Any, ...]) -> Parameter:
    """A parameter that declares more."""
    return replace(parameter, annotation=Annotated[parameter.annotation, *declared]) if declared else parameter


def _parameter(one: "Field[Any]", hint: Any) -> Parameter:
    declared = _declared(hint)
    info = next(part for part in declared if isinstance(part, OptionInfo | ArgumentInfo))
    typed = next((part for part in declared if isinstance(part, CommandLineType)), None) or _typed(
        get_args(hint)[0], _default(one)
    )
    named = (info.default, *(info.param_decls or ()))  # in Annotated, the first name stands where a default would
    flags = [flag.split("/")[0] for flag in named if isinstance(flag, str)]
    name = max(flags, key=len).lstrip("-").replace("-", "_") if flags else one.name
    name = one.name if iskeyword(name) else name  # --class
    others = tuple(part for part in declared if not isinstance(part, CommandLineType))
    return Parameter(name, one.name, Annotated[(typed.type, *others)], typed.default, typed.parse)


def _typed(kind: Any, default: Any) -> CommandLineType:
    """Sequences are options that can be repeated, tables and paths are typed as text; all else as it is."""
    if get_origin(kind) is Sequence:
        return CommandLineType(list[get_args(kind)[0]] | None, None, lambda value: tuple(value or ()))  # type: ignore[misc]
    path = {Any, Path} & set(get_args(kind))  # what Python may give as a table or a path, too
    return CommandLineType(str | None if path else kind, default, lambda value: value)


def _default(one: "Field[Any]") -> Any:
    if one.default_factory is not MISSING:
        return one.default_factory()
    return inspect.Parameter.empty if one.default is MISSING else one.default

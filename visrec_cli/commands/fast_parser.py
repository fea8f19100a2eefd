"""Texts, numbers and flags of a command line without pydantic, whose import costs as long as Typer's own.

Recent Typers build a pydantic validator for every parameter of the verb that runs, also where nothing was said. Here
the plain cases are taken as they are, and everything else, which may be refused, goes to that validator: what is
accepted, and every message, stays Typer's. Of a Typer without such validators nothing is changed.
"""

import re
from collections.abc import Iterable
from typing import Any

_WHOLE = re.compile(r"[0-9]{1,15}")
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")


def take_plain_values(parameters: Iterable[Any]) -> None:
    """Let the parameters of a command take plain values themselves."""
    for parameter in parameters:
        if getattr(parameter, "_runtime_param", parameter) is None:
            parameter._runtime_param = PlainValues()


class PlainValues:
    """In the place of a parameter's validator, which it makes only for a value that is not plain."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value that Typer's own validator would give. Raises its BadParameter."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        described = param.type_descriptor
        taken = None if described.parameter_info.parser is not None else _plain(value, described)
        if taken is not None:
            return taken
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _plain(value: Any, described: Any) -> Any:
    """The value in the type that is asked for, or None where it is not plain."""
    kind = described.annotation
    if kind is str:
        return value if isinstance(value, str) else None
    if kind == list[str]:
        return list(value) if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value) else None
    if kind is not int and kind is not float:
        return None
    if isinstance(value, str):
        if not (_WHOLE if kind is int else _NUMBER).fullmatch(value):
            return None
        value = kind(value)
    elif kind is float and type(value) is int:  # a default
        value = float(value)
    low, high = described.parameter_info.min, described.parameter_info.max
    inside = type(value) is kind and (low is None or low <= value) and (high is None or value <= high)
    return value if inside else None

"""Parses texts, numbers and flags of a command line without pydantic, whose import takes as long as Typer's own.

Recent versions of Typer build a pydantic validator for every parameter of the verb that runs, even if it has no value.
This module parses the simple cases and passes everything else to that validator, so that Typer still decides what is
accepted and writes every message. A Typer without such validators is left unchanged.
"""

import re
from collections.abc import Iterable
from typing import Any

_WHOLE = re.compile(r"[0-9]{1,15}")
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")


def take_plain_values(parameters: Iterable[Any]) -> None:
    """Replace the validators of a command's parameters by ones that parse plain values without pydantic."""
    for parameter in parameters:
        if getattr(parameter, "_runtime_param", parameter) is None:
            parameter._runtime_param = PlainValues()


class PlainValues:
    """Stands in for a parameter's validator, and builds that one only for a value that is not plain."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value that Typer's own validator would return. Raises its BadParameter."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        described = param.type_descriptor
        taken = None if described.parameter_info.parser is not None else _plain(value, described)
        if taken is not None:
            return taken
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _plain(value: Any, described: Any) -> Any:
    """The value in the required type, or None if it is not plain."""
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

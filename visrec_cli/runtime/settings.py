"""Settings of recommenders and fusion methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.errors import UsageError, unknown

AUTO = "auto"
_LARGEST = 1e30  # what learns does so in floats of 32 bits, and multiplies
INPUTS = {
    "vectors": ("items with vectors", "give --items with an embedding column"),
    "times": ("a log with times", "name the column with --time-column"),
    "hidden items": ("20 clicked items with a vector, of which some are hidden", "give more of them"),
}
"""What a setting may need of the input: in words, and what to do where it is not there."""


@dataclass(frozen=True)
class Setting:
    """One knob: its default, what it means, and where a search looks (low to high, or among choices).

    A setting without a range is not searched. The type of the default is the type of the setting. Numbers below
    ``least`` make no sense and are refused. kind: the type of a setting whose default is AUTO, a number that is worked
    out from the data where nobody gives one; low and high are then multiples of that number. needs: names of INPUTS,
    and of other settings, which must be neither 0 nor False; where one is lacking, the setting has no effect.
    """

    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()
    least: float | None = None
    kind: type | None = None
    needs: tuple[str, ...] = ()

    @property
    def auto(self) -> bool:
        """Whether AUTO is a value of it."""
        return self.kind is not None

    def parse(self, name: str, value: Any) -> Any:
        """The value in the setting's own type, or AUTO. Raises UsageError for what it cannot be."""
        kind = self.kind or type(self.default)
        if self.auto and value == AUTO:
            return AUTO
        try:
            if kind is bool and isinstance(value, str):
                value = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[value.lower()]
            parsed = kind(value) if kind is not int else _whole(value)
        except (ValueError, TypeError, KeyError) as error:
            word = {int: "a whole number", float: "a number", bool: "true or false"}.get(kind, kind.__name__)
            word += f", or {AUTO}" if self.auto else ""
            raise UsageError(f"setting {name}={value} is not {word}", fix=f"the default is {self.default}") from error
        if self.choices and parsed not in self.choices:
            raise unknown(f"value of setting {name}", str(parsed), [str(choice) for choice in self.choices])
        if isinstance(parsed, float) and not abs(parsed) <= _LARGEST:
            what = f"larger than {_LARGEST:g}" if np.isfinite(parsed) else "no finite number"
            raise UsageError(f"setting {name}={value} is {what}", fix=f"the default is {self.default}")
        if self.least is not None and parsed < self.least:
            raise UsageError(f"setting {name}={value} is less than {self.least}", fix=f"the default is {self.default}")
        return parsed


def parsed(what: str, knobs: Mapping[str, Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """All knobs, as given or by default, in the order of declaration. Raises UsageError for one that is not there."""
    for name in given:
        if name not in knobs:
            raise unknown(f"setting of {what}", name, list(knobs))
    return {name: knob.parse(name, given.get(name, knob.default)) for name, knob in knobs.items()}


def idle(knobs: Mapping[str, Setting], given: Mapping[str, Any], inputs: Mapping[str, bool]) -> dict[str, str]:
    """Which settings have no effect, beside those that are given and with these inputs, and the need that is not met.

    inputs: of INPUTS, what is there; those that are not named are not known yet, and count as there.
    """
    values = {name: knob.parse(name, given.get(name, knob.default)) for name, knob in knobs.items()}
    available = {name: bool(value) for name, value in values.items()} | dict(inputs)
    lacking = {
        name: next((one for one in knob.needs if not available.get(one, True)), "") for name, knob in knobs.items()
    }
    return {name: need for name, need in lacking.items() if need}


def check_needs(knobs: Mapping[str, Setting], given: Mapping[str, Any], inputs: Mapping[str, bool]) -> None:
    """Raise UsageError for a setting that is given, not as it is by default, and that has no effect. See ``idle``."""
    for name, need in idle(knobs, given, inputs).items():
        if name in given and knobs[name].parse(name, given[name]) != knobs[name].default:
            words, add = INPUTS.get(need, (f"{need}, which is {given.get(need)}", f"set {need}"))
            raise UsageError(f"setting {name} needs {words}", fix=f"{add}, or leave out {name}")


def _whole(value: Any) -> int:
    if float(value) != int(float(value)):
        raise ValueError(value)
    return int(float(value))

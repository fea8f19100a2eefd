"""Settings of recommenders and fusion methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.errors import UsageError, unknown

AUTO = "auto"
_LARGEST = 1e30  # training computes in 32-bit floats, and multiplies
INPUTS = {
    "vectors": ("items with vectors", "give --items with an embedding column"),
    "times": ("a log with times", "name the column with --time-column"),
    "hidden items": ("20 clicked items with a vector, of which some are hidden", "give more of them"),
}
"""What settings may need of the input: a description, and what to do if it is missing."""


@dataclass(frozen=True)
class Setting:
    """A setting: its default, its meaning, its limits, and the range of a search.

    The type of the default is the type of the setting. A setting without a range and without choices is not searched.

    Attributes
    ----------
    default : Any
        Value if none is given; ``AUTO`` for a number that is computed from the data.
    help : str
        Its meaning, in one line.
    low : float | None, default=None
        Lower end of the search; with ``AUTO``, as a multiple of the computed number.
    high : float | None, default=None
        Upper end of the search; with ``AUTO``, as a multiple of the computed number.
    log : bool, default=False
        Whether the search is on a logarithmic scale.
    choices : tuple[Any, ...], default=()
        Allowed values, which are also those of the search; () if there is no such list.
    least : float | None, default=None
        Smallest allowed number; None for no limit.
    kind : type | None, default=None
        Type of a setting whose default is ``AUTO``; None for others.
    needs : tuple[str, ...], default=()
        Names of ``INPUTS``, or of other settings that must be neither 0 nor False. Where one is missing, the setting
        has no effect.
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
        """Whether ``AUTO`` is one of its values."""
        return self.kind is not None

    def parse(self, name: str, value: Any) -> Any:
        """Parse a value.

        Parameters
        ----------
        name : str
            Name of the setting, for messages.
        value : Any
            The value, as text or in its own type.

        Returns
        -------
        Any
            The value in the setting's own type, or ``AUTO``.

        Raises
        ------
        UsageError
            If the setting cannot have this value.
        """
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
    """Parse settings, with defaults for those that are not given.

    Parameters
    ----------
    what : str
        Name of the recommender or method, for messages.
    knobs : Mapping[str, Setting]
        All its settings by name.
    given : Mapping[str, Any]
        Values by name.

    Returns
    -------
    dict[str, Any]
        All values by name, in the order of declaration.

    Raises
    ------
    UsageError
        If there is no such setting, or it cannot have this value.
    """
    for name in given:
        if name not in knobs:
            raise unknown(f"setting of {what}", name, list(knobs))
    return {name: knob.parse(name, given.get(name, knob.default)) for name, knob in knobs.items()}


def idle(knobs: Mapping[str, Setting], given: Mapping[str, Any], inputs: Mapping[str, bool]) -> dict[str, str]:
    """Find settings that have no effect with other settings and inputs.

    Parameters
    ----------
    knobs : Mapping[str, Setting]
        All settings by name.
    given : Mapping[str, Any]
        Values by name.
    inputs : Mapping[str, bool]
        Whether each of ``INPUTS`` is available; those left out are not known yet, and count as available.

    Returns
    -------
    dict[str, str]
        For each setting without effect, the need that is not met.
    """
    values = {name: knob.parse(name, given.get(name, knob.default)) for name, knob in knobs.items()}
    available = {name: bool(value) for name, value in values.items()} | dict(inputs)
    lacking = {
        name: next((one for one in knob.needs if not available.get(one, True)), "") for name, knob in knobs.items()
    }
    return {name: need for name, need in lacking.items() if need}


def check_needs(knobs: Mapping[str, Setting], given: Mapping[str, Any], inputs: Mapping[str, bool]) -> None:
    """Check that settings that are given and differ from their defaults have an effect; see ``idle``.

    Parameters
    ----------
    knobs : Mapping[str, Setting]
        All settings by name.
    given : Mapping[str, Any]
        Values by name.
    inputs : Mapping[str, bool]
        Whether each of ``INPUTS`` is available; those left out count as available.

    Raises
    ------
    UsageError
        If one has no effect.
    """
    for name, need in idle(knobs, given, inputs).items():
        if name in given and knobs[name].parse(name, given[name]) != knobs[name].default:
            words, add = INPUTS.get(need, (f"{need}, which is {given.get(need)}", f"set {need}"))
            raise UsageError(f"setting {name} needs {words}", fix=f"{add}, or leave out {name}")


def _whole(value: Any) -> int:
    if float(value) != int(float(value)):
        raise ValueError(value)
    return int(float(value))

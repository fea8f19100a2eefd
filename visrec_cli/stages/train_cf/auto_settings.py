"""AUTO settings: which they are, their values, and their place in a checkpoint."""

from collections.abc import Mapping, Sequence
from typing import Any

from visrec_cli.errors import InputError, UsageError
from visrec_cli.recommenders.base import AUTO, Recommender
from visrec_cli.recommenders.data import Log


def auto_of(kind: type[Recommender], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings that the log decides. settings: as asked for; defaults are left out."""
    return tuple(name for name, knob in kind.settings.items() if knob.auto and settings.get(name, AUTO) == AUTO)


def settled(
    kind: type[Recommender], settings: Mapping[str, Any], log: Log, before: Mapping[str, Any]
) -> dict[str, Any]:
    """A number for each setting that is AUTO: what it was ``before``, in a checkpoint, or what suits the log."""
    auto = auto_of(kind, settings)
    if not auto:
        return {}
    whole = kind.resolved({**settings, **{name: before[name] for name in auto if name in before}}, log)
    return {name: whole[name] for name in auto}


def as_before(kind: type[Recommender], settings: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers for settings that are AUTO now, and were given, found or the default ``before``, in a checkpoint.

    Raises InputError for what no training has left there.
    """
    from_checkpoint = {name: before[name] for name in auto_of(kind, settings) if before.get(name, AUTO) != AUTO}
    try:
        return {name: kind.settings[name].parse(name, value) for name, value in from_checkpoint.items()}
    except UsageError as error:
        fix = "start again without --resume"
        raise InputError(f"the checkpoint is damaged: about.settings: {error.what}", fix=fix) from error


def auto_words(kind: type[Recommender], numbers: Mapping[str, Any], auto: Sequence[str]) -> str:
    """What the settings in ``auto`` have become, for people."""
    found = ", ".join(f"{name} {numbers[name]:g}" for name in auto)
    return f"{kind.name}: {found} (auto: what suits this log; --set {auto[0]}=NUMBER takes another)"


def before_words(kind: type[Recommender], numbers: Mapping[str, Any]) -> str:
    """Which settings are what they were in a checkpoint, since nobody says otherwise, for people."""
    return f"{kind.name}: {', '.join(f'{name} {value:g}' for name, value in numbers.items())}, as the checkpoint has it"

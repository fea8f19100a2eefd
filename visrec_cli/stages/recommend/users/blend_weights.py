"""Weights of blended models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from visrec_cli.errors import UsageError, unknown

BY = ("score", "rank")


@dataclass(frozen=True)
class Blend:
    """weights: one per model, in their order. by: ``score`` (standardised per user) or ``rank`` (see ranking.blend)."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    by: str

    @property
    def source(self) -> str:
        """What the column ``source`` says."""
        return " + ".join(self.names)


def blend_of(names: Sequence[str], weights: Mapping[str, float], by: str) -> Blend:
    """A weight for each model; all alike where none was given. Raises UsageError for names and numbers amiss."""
    if by not in BY:
        raise unknown("way to blend", by, list(BY))
    for name, weight in weights.items():
        if name not in names:
            raise unknown("model in --blend", name, list(names), fix=f"the models are called {', '.join(names)}")
        if not (isfinite(weight) and weight > 0):
            raise UsageError(
                f"--blend {name}={weight:g} is not a positive number", fix="leave a model out instead of 0"
            )
    left_out = [name for name in names if weights and name not in weights]
    if left_out:
        raise UsageError(f"--blend gives no weight to '{left_out[0]}'", fix="name every model, or leave its file out")
    return Blend(tuple(names), tuple(weights.get(name, 1.0) for name in names), by)

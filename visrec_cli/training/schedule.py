"""Validation schedule of a training, also when its number of epochs changes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from visrec_cli.training.checkpoint import Checkpoint

_LOOKS = 20  # at least: judging costs an epoch or two, and steps of gradients need time to show


class Goal(Protocol):
    """A number that is to become better."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def worst(self) -> float:
        """What everything beats."""

    def better(self, new: float, old: float) -> bool:
        """Whether ``new`` beats ``old``."""


def step_of(epochs: int, curve: Sequence[dict[str, Any]] = ()) -> int:
    """Epochs from one look to the next, in a training of so many that has come as far as ``curve``.

    From 20 to 39 looks in all. Steps are powers of two: who goes on to more epochs was judged wherever a training of
    that length is judged. Where that is not so (a checkpoint of the first release, or fewer epochs than before), the
    step stays what it was.
    """
    step = 1 << (max(epochs // _LOOKS, 1).bit_length() - 1)
    judged = [seen["epoch"] for seen in curve if seen["value"] is not None]
    missing = {seen["epoch"] for seen in curve if seen["epoch"] % step == 0} - set(judged)
    return min(judged, default=step) if missing else step


def as_of(at: Checkpoint, epochs: int, goal: Goal, patience: int) -> Checkpoint:
    """The checkpoint that a single training of ``epochs`` would have left where ``at`` was left.

    A longer training is judged less often, and not at the last epoch of a shorter one: another epoch may be its best so
    far. ``kept`` is empty where nobody kept the state of that one. The curve is that of the checkpoint's own phase, up
    to the epoch at which such a training has no patience left.
    """
    curve = [seen for seen in at.curve if seen["phase"] == at.phase]
    step = step_of(epochs, curve)
    seen_now, best_epoch, best = list[dict[str, Any]](), 0, goal.worst
    for seen in curve:
        number = seen["epoch"]
        look = seen["value"] is not None and (number % step == 0 or number == epochs)
        seen_now.append({**seen, "value": seen["value"] if look else None})
        if look and goal.better(seen["value"], best):
            best_epoch, best = number, seen["value"]
        if number - best_epoch >= patience * step:
            break
    kept = at.kept if best_epoch == at.best_epoch else at.state if best_epoch == at.epoch else {}
    return replace(at, best_epoch=best_epoch, best=best, curve=seen_now, kept=kept)

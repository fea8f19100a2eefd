"""Validation schedule of a training, also if its number of epochs changes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from visrec_cli.training.checkpoint import Checkpoint

_LOOKS = 20  # smallest number of validations; each costs an epoch or two, and progress needs some epochs to show


class Goal(Protocol):
    """A metric to be improved."""

    @property
    def name(self) -> str:
        """Name of the metric."""

    @property
    def worst(self) -> float:
        """A value that every other value beats."""

    def better(self, new: float, old: float) -> bool:
        """Compare two values.

        Parameters
        ----------
        new : float
            The new value.
        old : float
            The old value.

        Returns
        -------
        bool
            Whether ``new`` is better than ``old``.
        """


def step_of(epochs: int, curve: Sequence[dict[str, Any]] = ()) -> int:
    """Compute the number of epochs from one validation to the next.

    There are 20 to 39 validations in all. Steps are powers of two, so that a training that continues to more epochs was
    validated at every epoch where a training of that length is. Where that is not so (a checkpoint of the first
    release, or fewer epochs than before), the step stays as it was.

    Parameters
    ----------
    epochs : int
        Number of epochs of the training.
    curve : Sequence[dict[str, Any]], default=()
        The epochs so far.

    Returns
    -------
    int
        Number of epochs.
    """
    step = 1 << (max(epochs // _LOOKS, 1).bit_length() - 1)
    validated = [record["epoch"] for record in curve if record["value"] is not None]
    missing = {record["epoch"] for record in curve if record["epoch"] % step == 0} - set(validated)
    return min(validated, default=step) if missing else step


def as_of(at: Checkpoint, epochs: int, goal: Goal, patience: int) -> Checkpoint:
    """Convert a checkpoint to the one that a single training of another number of epochs would have left.

    A longer training is validated less often, and not at the last epoch of a shorter one: its best epoch so far may be
    another one. The curve is that of the checkpoint's own phase, up to the epoch at which such a training stops early.

    Parameters
    ----------
    at : Checkpoint
        The checkpoint.
    epochs : int
        Number of epochs of the training.
    goal : Goal
        The metric.
    patience : int
        Number of validations without improvement after which training stops.

    Returns
    -------
    Checkpoint
        The checkpoint; ``kept`` is empty if the state of its best epoch was not saved.
    """
    curve = [record for record in at.curve if record["phase"] == at.phase]
    step = step_of(epochs, curve)
    new_curve, best_epoch, best = list[dict[str, Any]](), 0, goal.worst
    for record in curve:
        number = record["epoch"]
        is_validated = record["value"] is not None and (number % step == 0 or number == epochs)
        new_curve.append({**record, "value": record["value"] if is_validated else None})
        if is_validated and goal.better(record["value"], best):
            best_epoch, best = number, record["value"]
        if number - best_epoch >= patience * step:
            break
    kept = at.kept if best_epoch == at.best_epoch else at.state if best_epoch == at.epoch else {}
    return replace(at, best_epoch=best_epoch, best=best, curve=new_curve, kept=kept)

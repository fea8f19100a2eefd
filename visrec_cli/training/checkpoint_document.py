"""Metadata of a checkpoint, validated against the training to continue."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from visrec_cli.recommenders.base import Arrays
from visrec_cli.tables.documents import Count, Origin, Positive

Phase = Literal["search", "fit", "refit"]
Numbers = dict[Phase, dict[str, Positive]]
"""Numbers that replaced AUTO in settings, by phase."""


class SeenDocument(msgspec.Struct):
    """One epoch of the curve.

    Attributes
    ----------
    phase : Phase
        Phase of the training.
    epoch : Count
        Number of the epoch.
    loss : float
        Its loss.
    value : float | None
        Value of the metric; None if it was not validated.
    """

    phase: Phase
    epoch: Count
    loss: float
    value: float | None


class FactsDocument(msgspec.Struct):
    """Metadata for the fit on all data that follows a search.

    Attributes
    ----------
    epochs : Count | None, default=None
        Number of epochs to fit for.
    """

    epochs: Count | None = None


class CheckpointDocument(msgspec.Struct):
    """Metadata of a checkpoint. Unknown keys are ignored; ``format`` decides.

    Attributes
    ----------
    format : int
        Version of the format.
    phase : Phase
        Phase of the training.
    epoch : Count
        Number of the last epoch.
    best_epoch : Count
        Number of the best epoch.
    best : float
        Value of the metric at the best epoch.
    curve : list[SeenDocument]
        The epochs so far.
    about : dict[str, Any]
        Description of the training.
    """

    format: int
    phase: Phase
    epoch: Count
    best_epoch: Count
    best: float
    curve: list[SeenDocument]
    about: dict[str, Any]


def require_arrays(found: Mapping[str, Arrays], state: Mapping[str, npt.NDArray[Any]]) -> None:
    """Check that states have the names, shapes and types of a learner's state.

    Moments of an optimiser that has not taken a step yet are not in its state: the learner checks them itself.

    Parameters
    ----------
    found : Mapping[str, Arrays]
        The states from a checkpoint, by name.
    state : Mapping[str, npt.NDArray[Any]]
        State of the learner that is to continue.

    Raises
    ------
    InputError
        If they do not agree, or have values that no training can produce.
    """
    origin = Origin("the checkpoint is from another training", fix="start again without --resume")
    for kind, arrays in found.items():
        for name in sorted({*state, *(name for name in arrays if not name.startswith("moments."))}):
            if name not in arrays or name not in state:
                raise origin.wrong(f"{kind}.{name}", "only one of the two trainings has it")
            if arrays[name].dtype != np.asarray(state[name]).dtype:
                raise origin.wrong(f"{kind}.{name}", f"it holds {arrays[name].dtype}, not {state[name].dtype}")
            origin.require_shape(arrays[name], np.shape(state[name]), f"{kind}.{name}")
        for name, array in arrays.items():
            if not np.isfinite(array).all() or (array.dtype.kind == "i" and array.min(initial=0) < 0):
                raise origin.wrong(f"{kind}.{name}", "it has values that no training can produce")


def require_consistent(header: CheckpointDocument, facts: Any, planned: int | None, origin: Origin) -> None:
    """Check that the curve has each epoch once, and that the numbers of epochs agree.

    Parameters
    ----------
    header : CheckpointDocument
        Metadata of the checkpoint.
    facts : Any
        Metadata of the search before.
    planned : int | None
        Number of epochs that the training was to have; None if not recorded.
    origin : Origin
        Names the file in error messages.

    Raises
    ------
    InputError
        If they do not agree.
    """
    epochs: dict[str, list[int]] = {}
    for record in header.curve:
        epochs.setdefault(record.phase, []).append(record.epoch)
    if any(numbers != list(range(1, len(numbers) + 1)) for numbers in epochs.values()):
        raise origin.wrong("curve", "it does not have each epoch exactly once")
    known = origin.typed(facts, FactsDocument, "about.facts")
    if known.epochs is not None and not 0 < known.epochs <= len(epochs.get("search", [])):
        raise origin.wrong("about.facts.epochs", f"{known.epochs}, but the search has {len(epochs.get('search', []))}")
    planned = known.epochs if header.phase == "refit" else planned
    if len(epochs.get(header.phase, [])) > header.epoch or (planned is not None and header.epoch > planned):
        raise origin.wrong("epoch", f"it is {header.epoch}, which contradicts the curve or the settings")
    if header.best_epoch > header.epoch:
        raise origin.wrong("best_epoch", f"it is {header.best_epoch}, after the last epoch {header.epoch}")

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
"""By phase, what settings that the log decides became."""


class SeenDocument(msgspec.Struct):
    """One epoch of the curve. value: of the metric, where it was judged."""

    phase: Phase
    epoch: Count
    loss: float
    value: float | None


class FactsDocument(msgspec.Struct):
    """What is known when a model is fitted again on all that is known: for how many epochs, above all."""

    epochs: Count | None = None


class CheckpointDocument(msgspec.Struct):
    """The words in a checkpoint. Keys that are not known here are passed over: format tells."""

    format: int
    phase: Phase
    epoch: Count
    best_epoch: Count
    best: float
    curve: list[SeenDocument]
    about: dict[str, Any]


def require_arrays(found: Mapping[str, Arrays], state: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raise InputError unless all these states are such as ``state``, that of the learner which is to go on.

    Moments of an optimiser that has not taken a step yet are not in its state: the learner looks at them itself.
    """
    origin = Origin("the checkpoint is from another training", fix="start again without --resume")
    for kind, arrays in found.items():
        for name in sorted({*state, *(name for name in arrays if not name.startswith("moments."))}):
            if name not in arrays or name not in state:
                raise origin.wrong(f"{kind}.{name}", "only one of the two has it")
            if arrays[name].dtype != np.asarray(state[name]).dtype:
                raise origin.wrong(f"{kind}.{name}", f"it holds {arrays[name].dtype}, not {state[name].dtype}")
            origin.require_shape(arrays[name], np.shape(state[name]), f"{kind}.{name}")
        for name, array in arrays.items():
            if not np.isfinite(array).all() or (array.dtype.kind == "i" and array.min(initial=0) < 0):
                raise origin.wrong(f"{kind}.{name}", "it holds what no training arrives at")


def require_consistent(words: CheckpointDocument, facts: Any, planned: int | None, origin: Origin) -> None:
    """Raise InputError unless the curve has each epoch once, and none is done, best or to be fitted for that cannot be.

    facts: of the search before. planned: epochs that were asked for; None where it does not say.
    """
    epochs: dict[str, list[int]] = {}
    for seen in words.curve:
        epochs.setdefault(seen.phase, []).append(seen.epoch)
    if any(numbers != list(range(1, len(numbers) + 1)) for numbers in epochs.values()):
        raise origin.wrong("curve", "it has not each epoch once")
    known = origin.typed(facts, FactsDocument, "about.facts")
    if known.epochs is not None and not 0 < known.epochs <= len(epochs.get("search", [])):
        raise origin.wrong("about.facts.epochs", f"{known.epochs}, after {len(epochs.get('search', []))} of the search")
    planned = known.epochs if words.phase == "refit" else planned
    if len(epochs.get(words.phase, [])) > words.epoch or (planned is not None and words.epoch > planned):
        raise origin.wrong("epoch", f"it says {words.epoch}, and the curve or the settings another")
    if words.best_epoch > words.epoch:
        raise origin.wrong("best_epoch", f"it says {words.best_epoch}, after {words.epoch}")

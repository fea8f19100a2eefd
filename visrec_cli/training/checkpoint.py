"""Checkpoints: the state of a training in one file, without pickles."""

import ast
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.recommenders.base import AUTO, Arrays
from visrec_cli.tables.atomic import atomic
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.npz import read_arrays
from visrec_cli.training.checkpoint_document import CheckpointDocument, Numbers, require_consistent

_FORMAT = 1
_LATER = ("fit_on", "known", "metric")  # not in checkpoints of the first release, which are resumed all the same


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training.

    Attributes
    ----------
    phase : str
        Phase of the training: "search", "fit" or "refit".
    epoch : int
        Number of the last epoch.
    best_epoch : int
        Number of the best epoch; 0 if there was none.
    best : float
        Value of the metric at the best epoch.
    curve : list[dict[str, Any]]
        Phase, epoch, loss and value of the metric of each epoch.
    state : Arrays
        State of the learner after ``epoch``.
    kept : Arrays
        State of the learner at its best epoch; empty if there was none.
    about : dict[str, Any]
        Description of the training (recommender, settings, seed, a hash of the data). Only a training with the same
        description can continue, except for the number of epochs.
    searched : Arrays, default=field(default_factory=dict)
        In a fit that follows a search, the state at the end of the search.
    """

    phase: str
    epoch: int
    best_epoch: int
    best: float
    curve: list[dict[str, Any]]
    state: Arrays
    kept: Arrays
    about: dict[str, Any]
    searched: Arrays = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """Further metadata, which need not agree with those of the training that continues; may be added to."""
        found: dict[str, Any] = self.about.setdefault("facts", {})
        return found

    @property
    def planned(self) -> int | None:
        """Number of epochs that the training was to have; None if not recorded."""
        return _without_epochs(self.about.get("settings"))[1]

    @property
    def search(self) -> "Checkpoint | None":
        """The checkpoint of the search: this one, or the end of the search before the fit; None if it was not saved."""
        record = [record for record in self.curve if record["phase"] == "search"]
        if self.phase == "search" or not record or not self.searched:
            return self if self.phase == "search" else None
        last = record[-1]["epoch"]
        return replace(self, phase="search", epoch=last, curve=record, state=self.searched, searched={}, kept={})

    @property
    def done(self) -> int:
        """Number of epochs that are done; those of the search, if there was one."""
        return max((record["epoch"] for record in self.curve if record["phase"] == "search"), default=self.epoch)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint completely or not at all, replacing the previous one."""
    header = {
        "format": _FORMAT,
        "phase": checkpoint.phase,
        "epoch": checkpoint.epoch,
        "best_epoch": checkpoint.best_epoch,
        "best": checkpoint.best,
        "curve": checkpoint.curve,
        "about": checkpoint.about,
    }
    arrays = {f"state.{name}": array for name, array in checkpoint.state.items()}
    arrays |= {f"kept.{name}": array for name, array in checkpoint.kept.items()}
    arrays |= {f"searched.{name}": array for name, array in checkpoint.searched.items()}
    with atomic(path) as raw:
        np.savez(raw, allow_pickle=False, words=np.array(json.dumps(header)), **arrays)


def load_checkpoint(path: Path, about: dict[str, Any]) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path
        The file.
    about : dict[str, Any]
        Description of the training that continues; its number of epochs may differ, see
        ``stages.train_cf.continuation``.

    Returns
    -------
    Checkpoint
        The checkpoint.

    Raises
    ------
    MissingInputError
        If the file does not exist.
    InputError
        If the file is not a checkpoint, is damaged, or is from another training.
    """
    origin = Origin(
        f"{path} is not a checkpoint, or is damaged",
        fix="name the file of --save-checkpoint, or start again without --resume",
    )
    if not path.exists():
        raise MissingInputError(f"{path} does not exist", fix="start without --resume")
    arrays = read_arrays(path, origin)
    if "words" not in arrays:
        raise origin.wrong("words", "they are missing")
    raw = origin.json(str(arrays.pop("words")))
    if isinstance(raw, dict) and raw.get("format") != _FORMAT:
        raise InputError(f"{path} is a checkpoint of another version of visrec", fix="start again without --resume")
    header = origin.typed(raw, CheckpointDocument)
    facts = header.about.get("facts", {})
    require_consistent(header, facts, _without_epochs(header.about.get("settings"))[1], origin)
    before = header.about
    origin.typed(before.get("auto", {}), Numbers, "about.auto")
    differing = [
        name
        for name, value in about.items()
        if not _same(_without_epochs(before.get(name, value if name in _LATER else None))[0], _without_epochs(value)[0])
    ]
    if differing:
        name = differing[0]
        raise InputError(
            f"{path} is from another training: {name} was {before.get(name)} and is {about[name]} now",
            fix="resume with the same log, items and settings, or start again without --resume",
        )
    state, kept, searched = (
        {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}
        for kind in ("state.", "kept.", "searched.")
    )
    return Checkpoint(
        header.phase, header.epoch, header.best_epoch, header.best, raw["curve"], state, kept, before, searched
    )


def _without_epochs(value: Any) -> tuple[Any, int | None]:
    """Settings without their number of epochs, and that number; other values as they are. Picture models store text."""
    if isinstance(value, str) and value.startswith("{"):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value = ast.literal_eval(value)
    if not isinstance(value, dict) or not re.fullmatch(r"[0-9]{1,9}", str(value.get("epochs", ""))):
        return value, None
    return {name: one for name, one in value.items() if name != "epochs"}, int(value["epochs"])


def _same(before: Any, now: Any) -> bool:
    """Whether two descriptions agree. A setting that is AUTO now agrees with any number."""
    if not isinstance(before, dict) or not isinstance(now, dict) or before.keys() != now.keys():
        return bool(before == now)
    return all(now[name] in (before[name], AUTO) for name in now)


def require_epochs(path: Path, checkpoint: Checkpoint, epochs: int, option: str) -> None:
    """Check that no fewer epochs are requested than the checkpoint has.

    Parameters
    ----------
    path : Path
        The file, for messages.
    checkpoint : Checkpoint
        The checkpoint.
    epochs : int
        Number of epochs requested.
    option : str
        The option that requests them, for messages.

    Raises
    ------
    UsageError
        If the checkpoint has more.
    """
    if epochs < checkpoint.done:
        raise UsageError(
            f"{path} has {checkpoint.done} epochs already, and {option}{epochs} is fewer",
            fix=f"use {option}{checkpoint.done} or more, or start again without --resume",
        )

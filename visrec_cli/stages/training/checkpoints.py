"""A training that can go on tomorrow: one file with everything, no pickles."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.recommenders.base import Arrays
from visrec_cli.tables.atomic import atomic

_FORMAT = 1
_LATER = ("fit_on", "known")  # not in checkpoints of the first release, which are resumed all the same


@dataclass(frozen=True)
class Checkpoint:
    """Where a training was.

    state: of the recommender after ``epoch``; kept: of its best epoch, empty if there was none. about: what the
    training was of (recommender, settings, seed, a hash of the data): another one cannot go on from here.
    """

    phase: str
    epoch: int
    best_epoch: int
    best: float
    curve: list[dict[str, Any]]
    state: Arrays
    kept: Arrays
    about: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it whole or not at all; the one before is replaced."""
    words = {
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
    with atomic(path) as raw:
        np.savez(raw, allow_pickle=False, words=np.array(json.dumps(words)), **arrays)


def load_checkpoint(path: Path, about: dict[str, Any]) -> Checkpoint:
    """Read it back. Raises MissingInputError, or InputError for a file that is no checkpoint, or one of another run."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:  # np.load would leave a bad file open
            arrays = {name: file[name] for name in file.files}
        words = json.loads(str(arrays.pop("words")))
    except FileNotFoundError as error:
        raise MissingInputError(f"{path} does not exist", fix="start without --resume") from error
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        why = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ", or is damaged"
        raise InputError(
            f"{path} is no checkpoint{why}", fix="name the file of --save-checkpoint, or start again without --resume"
        ) from error
    if words.get("format") != _FORMAT:
        raise InputError(f"{path} is a checkpoint of another version of visrec", fix="start again without --resume")
    before = words["about"]
    differing = [name for name, value in about.items() if before.get(name, value if name in _LATER else None) != value]
    if differing:
        name = differing[0]
        raise InputError(
            f"{path} is of another training: {name} was {before.get(name)}, and is {about[name]} now",
            fix="resume with the same log, items and settings, or start again without --resume",
        )
    state, kept = (
        {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}
        for kind in ("state.", "kept.")
    )
    return Checkpoint(
        words["phase"], words["epoch"], words["best_epoch"], words["best"], words["curve"], state, kept, words["about"]
    )

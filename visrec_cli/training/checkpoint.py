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

    state: of the recommender after ``epoch``; kept: of its best epoch, empty if there was none. about: what the
    training was of (recommender, settings, seed, a hash of the data): another one cannot go on from here, but with
    another number of epochs. searched: in a fit that follows a search, the state after the last epoch of that.
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
        """What is known of the training besides, which another one may have too; may be added to."""
        found: dict[str, Any] = self.about.setdefault("facts", {})
        return found

    @property
    def planned(self) -> int | None:
        """How many epochs were asked for; None where it does not say."""
        return _parted(self.about.get("settings"))[1]

    @property
    def search(self) -> "Checkpoint | None":
        """Where the search was: in it, or before the fit that follows it; None if it is not in the file."""
        seen = [seen for seen in self.curve if seen["phase"] == "search"]
        if self.phase == "search" or not seen or not self.searched:
            return self if self.phase == "search" else None
        last = seen[-1]["epoch"]
        return replace(self, phase="search", epoch=last, curve=seen, state=self.searched, searched={}, kept={})

    @property
    def done(self) -> int:
        """Epochs behind it: of the search, where there was one."""
        return max((seen["epoch"] for seen in self.curve if seen["phase"] == "search"), default=self.epoch)


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
    arrays |= {f"searched.{name}": array for name, array in checkpoint.searched.items()}
    with atomic(path) as raw:
        np.savez(raw, allow_pickle=False, words=np.array(json.dumps(words)), **arrays)


def load_checkpoint(path: Path, about: dict[str, Any]) -> Checkpoint:
    """Read it back. Raises MissingInputError, or InputError for a file that is no checkpoint, or one of another run.

    The number of epochs may be another: see stages.train_cf.continuation.
    """
    origin = Origin(
        f"{path} is no checkpoint, or is damaged",
        fix="name the file of --save-checkpoint, or start again without --resume",
    )
    if not path.exists():
        raise MissingInputError(f"{path} does not exist", fix="start without --resume")
    arrays = read_arrays(path, origin)
    if "words" not in arrays:
        raise origin.wrong("words", "they are not there")
    raw = origin.json(str(arrays.pop("words")))
    if isinstance(raw, dict) and raw.get("format") != _FORMAT:
        raise InputError(f"{path} is a checkpoint of another version of visrec", fix="start again without --resume")
    words = origin.typed(raw, CheckpointDocument)
    facts = words.about.get("facts", {})
    require_consistent(words, facts, _parted(words.about.get("settings"))[1], origin)
    before = words.about
    origin.typed(before.get("auto", {}), Numbers, "about.auto")
    differing = [
        name
        for name, value in about.items()
        if not _same(_parted(before.get(name, value if name in _LATER else None))[0], _parted(value)[0])
    ]
    if differing:
        name = differing[0]
        raise InputError(
            f"{path} is from another training: {name} was {before.get(name)}, and is {about[name]} now",
            fix="resume with the same log, items and settings, or start again without --resume",
        )
    state, kept, searched = (
        {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}
        for kind in ("state.", "kept.", "searched.")
    )
    return Checkpoint(
        words.phase, words.epoch, words.best_epoch, words.best, raw["curve"], state, kept, before, searched
    )


def _parted(value: Any) -> tuple[Any, int | None]:
    """Settings without their number of epochs, and that; anything else as it is. Picture models keep them as text."""
    if isinstance(value, str) and value.startswith("{"):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value = ast.literal_eval(value)
    if not isinstance(value, dict) or not re.fullmatch(r"[0-9]{1,9}", str(value.get("epochs", ""))):
        return value, None
    return {name: one for name, one in value.items() if name != "epochs"}, int(value["epochs"])


def _same(before: Any, now: Any) -> bool:
    """Whether they are of one training. A setting that is AUTO now is what it was."""
    if not isinstance(before, dict) or not isinstance(now, dict) or before.keys() != now.keys():
        return bool(before == now)
    return all(now[name] in (before[name], AUTO) for name in now)


def require_epochs(path: Path, checkpoint: Checkpoint, epochs: int, option: str) -> None:
    """Raise UsageError where fewer epochs are asked for than the checkpoint has behind it."""
    if epochs < checkpoint.done:
        raise UsageError(
            f"{path} has {checkpoint.done} epochs already, and {option}{epochs} is fewer",
            fix=f"{option}{checkpoint.done} or more, or start again without --resume",
        )

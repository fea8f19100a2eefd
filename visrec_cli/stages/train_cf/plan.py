"""Plan and data of a training."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.errors import UsageError, unknown
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.two_tower.private import Privacy
from visrec_cli.stages.train_cf.validation import Measure

FIT_ON = ("known", "train")
SHARE = 0.1  # of each user's interactions, held back where judging is of use and nobody says how much


@dataclass(frozen=True)
class Plan:
    """What to train and how; see stages.train_cf. share: None is SHARE, where judging is of use."""

    kind: type[Recommender]
    settings: dict[str, Any]
    measure: Measure
    seed: int
    device: str
    share: float | None = None
    patience: int = 5
    fit_on: str = "known"
    trials: int = 0
    privacy: Privacy | None = None

    def __post_init__(self) -> None:
        if self.fit_on not in FIT_ON:
            raise unknown("part to fit on", self.fit_on, list(FIT_ON))
        if self.share is not None and not 0 <= self.share < 1:
            raise UsageError(f"--validation {self.share} is not a share", fix="--validation 0.1")

    def make(self, settings: dict[str, Any]) -> Recommender:
        """The recommender with these settings."""
        private = {} if self.privacy is None else {"privacy": self.privacy}
        return self.kind(seed=self.seed, device=self.device, **private, **settings)

    @property
    def in_epochs(self) -> bool:
        """Whether it learns in epochs, so that it can stop early."""
        return "epochs" in self.kind.settings

    @property
    def held_share(self) -> float:
        """The share of each user's interactions that is held back, where the log does not say what is."""
        if self.share is not None:
            return self.share
        return SHARE if self.in_epochs or self.trials else 0.0


@dataclass(frozen=True)
class TrainingData:
    """What a model is fitted on. content: of the log's items, where the recommender looks at them."""

    log: Log
    content: Content | None

    def digest(self, *, times: bool) -> str:
        """A hash of it, by which a checkpoint knows its training again. times: whether they are learned from."""
        digest, matrix = hashlib.sha256(), self.log.matrix
        for array in (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data):
            digest.update(np.ascontiguousarray(array).tobytes())
        if times and self.log.times is not None:
            digest.update(self.log.times.tobytes())
        digest.update("\n".join((*self.log.users, *self.log.items)).encode())
        if self.content is not None:
            digest.update(self.content.vectors.tobytes())
        return digest.hexdigest()[:16]

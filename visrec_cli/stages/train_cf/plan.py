"""Plan and data of a training."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.stages.train_cf.validation import Measure

SHARE = 0.1  # of each user's interactions, held back where judging is of use and nobody says how much


@dataclass(frozen=True)
class Plan:
    """What to train and how.

    Attributes
    ----------
    kind : type[Recommender]
        The recommender, in its private form with ``privacy``.
    measure : Measure
        Validation metric.
    options : TrainCfOptions
        All else. Of a private training ``validation`` is 0.
    """

    kind: type[Recommender]
    measure: Measure
    options: TrainCfOptions

    def make(self, settings: Mapping[str, Any]) -> Recommender:
        """The recommender with these settings."""
        options = self.options
        private = {} if options.privacy is None else {"privacy": options.privacy}
        return self.kind(seed=options.seed, device=options.device, **private, **settings)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that were given."""
        return self.options.settings or {}

    @property
    def in_epochs(self) -> bool:
        """Whether it learns in epochs, so that it can stop early."""
        return "epochs" in self.kind.settings

    @property
    def held_share(self) -> float:
        """The share of each user's interactions that is held back, where the log does not say what is."""
        if self.options.validation is not None:
            return self.options.validation
        return SHARE if self.in_epochs or self.options.tune else 0.0


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

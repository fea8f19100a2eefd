"""Options of a split, checked before anything is read."""

from dataclasses import dataclass

import numpy as np

from visrec_cli.errors import UsageError, unknown
from visrec_cli.stages.split.strategies import Shares

WAYS = ("random", "last", "time", "global-time", "cold-item", "cold-user")
TIMED = ("last", "time", "global-time")
_GROUPED = ("random", "last", "time", "cold-item")
_FOLDED = ("random", "cold-item", "cold-user")


@dataclass(frozen=True)
class SplitSpec:
    """How to split. by: one of WAYS. test, validation: see strategies.Shares; test None is 1 for ``last``, else 0.2.

    folds: how many, instead of parts. cut: for ``global-time``, the moment from which rows are for test, or two, the
    first for validation. group: a column of the items; items with one value, or that name each other, stay together.
    """

    by: str = "random"
    test: float | None = None
    validation: float = 0.0
    folds: int = 0
    cut: str | None = None
    group: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.by not in WAYS:
            raise unknown("way to split", self.by, list(WAYS))
        if self.folds and (self.test is not None or self.validation or self.by not in _FOLDED or self.folds < 2):
            raise UsageError(
                "--folds takes 2 or more, without --test and --validation, and goes with " + ", ".join(_FOLDED),
                fix="each fold is the test part once: --folds 5",
            )
        if self.cut is not None and (self.by != "global-time" or self.test is not None or self.validation):
            raise UsageError(
                "--cut is for --by global-time, without --test and --validation",
                fix="give the starts of validation and test: --cut 2020-09-01,2020-09-15",
            )
        if self.group is not None and self.by not in _GROUPED:
            raise UsageError(f"--group cannot be kept together by {self.by}", fix="one of " + ", ".join(_GROUPED))
        for option, value in (("--test", self.shares.test), ("--validation", self.validation)):
            if not value >= 0 or (value > 1 and value != int(value)) or value == np.inf:
                raise UsageError(f"{option} {value:g} is neither a share nor a count", fix="0.2, or 1 for one each")
        if not (self.shares.test or self.validation):
            raise UsageError("--test 0 without --validation holds nothing back", fix="--test 0.2")
        parts = [part for part in (self.shares.test, self.validation) if part < 1]
        if sum(parts) >= 1:
            raise UsageError("--test and --validation leave nothing to train on", fix="--test 0.2 --validation 0.1")

    @property
    def shares(self) -> Shares:
        """How much is for test and validation."""
        test = (1.0 if self.by == "last" else 0.2) if self.test is None else self.test
        return Shares(test, self.validation)

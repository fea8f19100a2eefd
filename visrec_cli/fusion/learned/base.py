"""Base classes of learned fusion methods."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import msgspec
import numpy as np

from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.targets import Target
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.settings import Setting
from visrec_cli.tables.documents import Origin, Shape
from visrec_cli.tables.spaces import pack_array
from visrec_cli.tables.vectors import Mask, Matrix, Rows

LEAST = 20
"""Items to learn from, at least: with fewer, what is held back tells nothing."""

Arrays = Mapping[str, Matrix]


class FuserDocument(msgspec.Struct, forbid_unknown_fields=True):
    """What was learned, as JSON; arrays: packed."""

    name: str
    settings: dict[str, Any]
    facts: dict[str, Any]
    arrays: dict[str, Any]


@dataclass(frozen=True)
class FuserTrainingData:
    """Training data and options of a learned fusion.

    columns: names of the modalities. blocks, present: of each its vectors (n, d), zeros or filled where missing, and
    (n,) which rows count as having it. validation: share of the items held back to judge by. patience: epochs without
    a better judgement after which it stops.
    """

    columns: tuple[str, ...]
    blocks: Sequence[Matrix]
    present: Sequence[Mask]
    target: Target
    dim: int = 64
    validation: float = 0.1
    patience: int = 10
    seed: int = 0
    device: str = "auto"
    report: Report = field(default_factory=Report)

    def parts(self, least: int) -> tuple[Rows, Rows]:
        """Rows to learn from and rows to judge by: those the target knows, with ``least`` modalities or more.

        Raises InputError where they are too few.
        """
        rows = np.flatnonzero(self.target.known & (np.sum(self.present, axis=0) >= least))
        if len(rows) < LEAST:
            what = " and ".join(self.columns) if least > 1 else f"a vector and '{self.target.name}'"
            raise InputError(
                f"only {len(rows)} of {len(self.present[0])} items have {what}, and learning needs {LEAST}",
                fix="embed more items, or take --method concat, which learns nothing",
            )
        order = np.random.default_rng([self.seed, 1]).permutation(rows)
        held = max(1, round(self.validation * len(rows))) if self.validation > 0 else 0
        return np.sort(order[held:]), np.sort(order[:held])


class Fuser(ABC):
    """A fusion with learned numbers. Subclasses name themselves, their settings, and what they can learn from.

    targets: kinds of target, the first one taken when none is asked for if ``defaults``. sides: the least and the most
    modalities it can fuse. ``apply`` needs numpy alone.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    settings: ClassVar[dict[str, Setting]] = {}
    targets: ClassVar[tuple[str, ...]]
    defaults: ClassVar[bool] = False
    sides: ClassVar[tuple[int, int | None]] = (2, None)

    def __init__(self, arrays: Arrays, settings: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """arrays: what was learned. settings: all of them. facts: how the learning went, for people."""
        self.arrays, self.settings_used, self.facts = dict(arrays), dict(settings), dict(facts)

    @classmethod
    @abstractmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """Learn. settings: all of the class's settings. Raises InputError where the examples hold nothing to learn."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Numbers of a fused vector."""

    @abstractmethod
    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """(n, dimension) float32; what is not present says nothing, and a row without any part is zeros."""

    def weights(self) -> list[float] | None:
        """Where all that was learned is one weight per modality of a plain concatenation: those. Else None."""
        return None

    def pack(self) -> dict[str, Any]:
        """For the column's space."""
        arrays = {name: pack_array(array) for name, array in self.arrays.items()}
        return {"name": self.name, "settings": self.settings_used, "facts": self.facts, "arrays": arrays}

    @classmethod
    def unpack(cls, packed: Any, origin: Origin, path: str, widths: Sequence[int], dimension: int) -> Self:
        """The inverse of pack. widths: of the parts. Raises InputError for what was not packed so."""
        document = origin.typed(packed, FuserDocument, path)
        settings = origin.settings(document.settings, cls.settings, f"{path}.settings")
        shapes = cls.shapes(widths, dimension, settings)
        return cls(origin.arrays(document.arrays, f"{path}.arrays", shapes), settings, document.facts)

    @classmethod
    @abstractmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """What ``apply`` needs to make ``dimension`` numbers of parts of these widths: arrays, by name their shapes."""

    @classmethod
    def require_sides(cls, columns: Sequence[str]) -> None:
        """Raise UsageError unless it can fuse so many modalities."""
        least, most = cls.sides
        if len(columns) < least or (most is not None and len(columns) > most):
            many = f"exactly {least}" if least == most else f"at least {least}"
            raise UsageError(
                f"--method {cls.name} brings together {many} embedding columns, here: {', '.join(columns)}",
                fix="name them: --columns image,text"
                if len(columns) > least
                else "add one: … | visrec embed-text --columns title | visrec fuse",
            )

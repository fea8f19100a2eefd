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
"""Smallest number of items to learn from; with fewer, held-back items show nothing."""

Arrays = Mapping[str, Matrix]


class FuserDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A learned fusion as JSON.

    Attributes
    ----------
    name : str
        Name of the fuser.
    settings : dict[str, Any]
        Its settings.
    facts : dict[str, Any]
        Metadata of the training.
    arrays : dict[str, Any]
        Packed parameters by name.
    """

    name: str
    settings: dict[str, Any]
    facts: dict[str, Any]
    arrays: dict[str, Any]


@dataclass(frozen=True)
class FuserTrainingData:
    """Training data and options of a learned fusion.

    Attributes
    ----------
    columns : tuple[str, ...]
        Names of the modalities.
    blocks : Sequence[Matrix]
        (n, d) float32 vectors of each modality; missing rows are zeros or filled.
    present : Sequence[Mask]
        (n,) which rows count as having the modality.
    target : Target
        Which rows belong together.
    dim : int, default=64
        Number of dimensions of the fused vectors.
    validation : float, default=0.1
        Share of the items held back for validation; 0 for none.
    patience : int, default=10
        Number of epochs without improvement after which training stops.
    seed : int, default=0
        Seed of everything random.
    device : str, default="auto"
        "auto", "cpu", "cuda" or another device of torch.
    report : Report, default=field(default_factory=Report)
        Where progress is recorded.
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
        """Split the rows that the target covers into training and validation rows.

        Parameters
        ----------
        least : int
            Smallest number of modalities of a row.

        Returns
        -------
        tuple[Rows, Rows]
            Row numbers to learn from, and row numbers to validate with.

        Raises
        ------
        InputError
            If there are too few.
        """
        rows = np.flatnonzero(self.target.known & (np.sum(self.present, axis=0) >= least))
        if len(rows) < LEAST:
            what = " and ".join(self.columns) if least > 1 else f"a vector and '{self.target.name}'"
            raise InputError(
                f"only {len(rows)} of {len(self.present[0])} items have {what}, but learning needs {LEAST}",
                fix="embed more items, or use --method concat, which learns nothing",
            )
        order = np.random.default_rng([self.seed, 1]).permutation(rows)
        held = max(1, round(self.validation * len(rows))) if self.validation > 0 else 0
        return np.sort(order[held:]), np.sort(order[:held])


class Fuser(ABC):
    """Base class of fusions with learned parameters. Subclasses declare a name, settings, and kinds of targets.

    Parameters
    ----------
    arrays : Arrays
        Learned parameters by name.
    settings : Mapping[str, Any]
        All settings.
    facts : Mapping[str, Any]
        Metadata of the training.

    Attributes
    ----------
    name : ClassVar[str]
        Name on the command line, such as ``cca``.
    summary : ClassVar[str]
        One line that says what it does.
    settings : ClassVar[dict[str, Setting]], default={}
        Settings by name.
    targets : ClassVar[tuple[str, ...]]
        Kinds of targets that it can learn from.
    defaults : ClassVar[bool], default=False
        Whether it takes the first of ``targets`` if the user names none.
    sides : ClassVar[tuple[int, int | None]], default=(2, None)
        Smallest and largest number of modalities; None for no limit.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    settings: ClassVar[dict[str, Setting]] = {}
    targets: ClassVar[tuple[str, ...]]
    defaults: ClassVar[bool] = False
    sides: ClassVar[tuple[int, int | None]] = (2, None)

    def __init__(self, arrays: Arrays, settings: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        self.arrays, self.settings_used, self.facts = dict(arrays), dict(settings), dict(facts)

    @classmethod
    @abstractmethod
    def fit(cls, examples: FuserTrainingData, settings: Mapping[str, Any]) -> Self:
        """Train a fusion.

        Parameters
        ----------
        examples : FuserTrainingData
            The training data.
        settings : Mapping[str, Any]
            All settings of the class.

        Returns
        -------
        Self
            The trained fusion.

        Raises
        ------
        InputError
            If there is nothing to learn from.
        """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of dimensions of a fused vector."""

    @abstractmethod
    def apply(self, blocks: Sequence[Matrix], present: Sequence[Mask]) -> Matrix:
        """Fuse vectors, with numpy alone.

        Parameters
        ----------
        blocks : Sequence[Matrix]
            (n, d) float32 vectors of each modality.
        present : Sequence[Mask]
            (n,) which rows have the modality; missing ones have no influence.

        Returns
        -------
        Matrix
            (n, dimension) float32; zeros for rows without any modality.
        """

    def weights(self) -> list[float] | None:
        """One weight per modality, if the fusion is a weighted concatenation; otherwise None."""
        return None

    def pack(self) -> dict[str, Any]:
        """The fusion as JSON, for the column's space."""
        arrays = {name: pack_array(array) for name, array in self.arrays.items()}
        return {"name": self.name, "settings": self.settings_used, "facts": self.facts, "arrays": arrays}

    @classmethod
    def unpack(cls, packed: Any, origin: Origin, path: str, widths: Sequence[int], dimension: int) -> Self:
        """Read a fusion; the inverse of ``pack``.

        Parameters
        ----------
        packed : Any
            The JSON.
        origin : Origin
            Names the file in error messages.
        path : str
            Path in the file, for messages.
        widths : Sequence[int]
            Width of each modality's vectors.
        dimension : int
            Number of dimensions of the fused vectors.

        Returns
        -------
        Self
            The fusion.

        Raises
        ------
        InputError
            If it is damaged, or has other shapes.
        """
        document = origin.typed(packed, FuserDocument, path)
        settings = origin.settings(document.settings, cls.settings, f"{path}.settings")
        shapes = cls.shapes(widths, dimension, settings)
        return cls(origin.arrays(document.arrays, f"{path}.arrays", shapes), settings, document.facts)

    @classmethod
    @abstractmethod
    def shapes(cls, widths: Sequence[int], dimension: int, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """Give the shapes of the parameters that ``apply`` needs.

        Parameters
        ----------
        widths : Sequence[int]
            Width of each modality's vectors.
        dimension : int
            Number of dimensions of the fused vectors.
        settings : Mapping[str, Any]
            All settings.

        Returns
        -------
        dict[str, Shape]
            Shapes by name of parameter.
        """

    @classmethod
    def require_sides(cls, columns: Sequence[str]) -> None:
        """Check the number of modalities.

        Parameters
        ----------
        columns : Sequence[str]
            Names of the modalities.

        Raises
        ------
        UsageError
            If the fuser cannot fuse that many.
        """
        least, most = cls.sides
        if len(columns) < least or (most is not None and len(columns) > most):
            many = f"exactly {least}" if least == most else f"at least {least}"
            raise UsageError(
                f"--method {cls.name} fuses {many} embedding columns, but these were given: {', '.join(columns)}",
                fix="name them: --columns image,text"
                if len(columns) > least
                else "add one: … | visrec embed-text --columns title | visrec fuse",
            )

"""Options of ``split``."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from visrec_cli.errors import UsageError, unknown
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.logs import Columns
from visrec_cli.options.requirements import Excludes, Needs
from visrec_cli.options.shared import IdColumn
from visrec_cli.options.types import Tabular

WAYS = ("random", "last", "time", "global-time", "cold-item", "cold-user")
TIMED = ("last", "time", "global-time")
_GROUPED = ("random", "last", "time", "cold-item")
_FOLDED = ("random", "cold-item", "cold-user")
_PARTS = tuple(f"{fold}{part}.parquet" for fold in ("", "fold-*/") for part in ("train", "validation", "test"))


@dataclass(frozen=True)
class SplitSpec:
    """Which rows go to which part.

    Attributes
    ----------
    by : str, default="random"
        One of WAYS.
    test : float | None, default=None
        Size of the test part: below 1 a share, from 1 on a count. None is 1 for ``last``, else 0.2.
    validation : float, default=0.0
        Size of the validation part, in the same way.
    folds : int, default=0
        Number of folds, instead of parts; 0 for parts.
    cut : str | None, default=None
        For ``global-time``: the time from which rows are for test, or two, the first for validation.
    group : str | None, default=None
        A column of the items; items with the same value, or that name each other, stay in one part.
    seed : int, default=0
        Random seed.

    Raises
    ------
    UsageError
        Options that contradict each other, or sizes that leave nothing to train on or to test.
    """

    by: Annotated[
        str,
        typer.Option("--by", metavar="WAY", help="Strategy: random, last, time, global-time, cold-item or cold-user."),
    ] = "random"
    test: Annotated[
        float | None,
        typer.Option(
            "--test", metavar="N", help="Size of the test part: a share below 1, else a count (default: 0.2; last: 1)."
        ),
        Excludes("--folds", "--cut"),
    ] = None
    validation: Annotated[
        float,
        typer.Option("--validation", metavar="N", help="Size of the validation part, as --test."),
        Excludes("--folds", "--cut"),
    ] = 0.0
    folds: Annotated[
        int,
        typer.Option(
            "--folds", min=0, metavar="N", help="Write a column 'fold' with N folds instead, for cross-validation."
        ),
        Needs("--by random|cold-item|cold-user"),
    ] = 0
    cut: Annotated[
        str | None,
        typer.Option(
            "--cut", metavar="DATE", help="global-time: start of the test part; or two dates, of validation and test."
        ),
        Needs("--by global-time"),
    ] = None
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="NAME", help="Column of --items whose groups stay in one part (duplicate_of)."),
        Needs("--items"),
        Needs("--by random|last|time|cold-item"),
    ] = None
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, help="Random seed; the split does not depend on the order of the rows."),
        Excludes("--by global-time"),
    ] = 0

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
        for option, value in (("--test", self.test_size), ("--validation", self.validation)):
            if not value >= 0 or (value > 1 and value != int(value)) or value == math.inf:
                raise UsageError(f"{option} {value:g} is neither a share nor a count", fix="0.2, or 1 for one each")
        if not (self.test_size or self.validation):
            raise UsageError("--test 0 without --validation holds nothing back", fix="--test 0.2")
        if sum(part for part in (self.test_size, self.validation) if part < 1) >= 1:
            raise UsageError("--test and --validation leave nothing to train on", fix="--test 0.2 --validation 0.1")

    @property
    def test_size(self) -> float:
        """Size of the test part, with the default of the strategy."""
        return (1.0 if self.by == "last" else 0.2) if self.test is None else self.test


@dataclass(frozen=True, kw_only=True)
class SplitOptions(SplitSpec):
    """How a log is read and split, and what is written.

    Attributes
    ----------
    items : Tabular | None, default=None
        Table of the items, which has the column ``group``.
    files : str | Path | None, default=None
        Folder in which each part is written as a file, too.
    replace : bool, default=False
        Overwrite a column ``split`` or ``fold`` of the log.
    columns : Columns, default=Columns()
        Names of the columns of the log.
    id_column : str | None, default=None
        Column of ``items`` with their ids; None: found by its usual names.
    """

    items: Annotated[
        Tabular | None,
        typer.Option("--items", metavar="TABLE", help="Table of items, for --group."),
        Reads(),
        Needs("--group"),
    ] = None
    files: Annotated[
        str | Path | None,
        typer.Option(
            "--files", metavar="FOLDER", help="Also write train.parquet, validation.parquet and test.parquet there."
        ),
        Writes("parts", within=_PARTS),
    ] = None
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an existing column 'split' or 'fold'.")] = False
    columns: Columns = field(default_factory=Columns)
    id_column: Annotated[IdColumn, Needs("--items")] = None

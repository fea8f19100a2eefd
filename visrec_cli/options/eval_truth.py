"""How the truth of an evaluation is read, and conditions that options of ``eval`` share."""

from dataclasses import dataclass, field
from operator import not_
from typing import Annotated

import typer

from visrec_cli.errors import unknown
from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.logs import Columns, NoHeader, TimeColumn, WeightColumn
from visrec_cli.options.requirements import CommandValues, Condition, Needs, NeedsInput
from visrec_cli.options.shared import IdColumn
from visrec_cli.options.types import Tabular

NOTHING_RELEVANT = ("skip", "zero")


def _several(line: CommandValues) -> bool:
    return len(line.values["runs"]) > 1


TRUTH = Needs("--truth")
JUDGED = Needs("--truth", "--class")
COMPARED = Needs(Condition("several runs", _several), "--baselines", "--fail-if-worse-than")


@dataclass(frozen=True)
class TruthColumns(Columns):
    """Those of the truth; the names of users and items are those of the runs, too. It has no events."""

    weight: Annotated[WeightColumn, TRUTH] = None
    time: Annotated[TimeColumn, TRUTH] = None
    event: str | None = None
    header: Annotated[NoHeader, TRUTH, CommandLineType(bool, False, not_)] = True


@dataclass(frozen=True, kw_only=True)
class TruthOptions:
    """What was known before, what is relevant, and how the items are described.

    Attributes
    ----------
    train : Tabular | None, default=None
        Interactions of training, where the truth is a table of its own.
    items : Tabular | None, default=None
        Table of the items; without it, the items of all logs.
    embedding : str | None, default=None
        Embedding column, for the similarity of items; None: the only one.
    min_weight : float | None, default=None
        Weight from which an interaction is relevant, and a rating a like; the weights stay as grades. None: all are.
    nothing_relevant : str, default="skip"
        What becomes of users with judgements but no relevant item: ``skip``, or ``zero`` as in trec_eval.
    fold : int | None, default=None
        Fold that is the test part, in a log with a column ``fold``.
    columns : Columns, default=TruthColumns()
        Names of the columns of the logs; those of users and items are of the runs, too.
    id_column : str | None, default=None
        Column of ``items`` with their ids; None: found by its usual names.

    Raises
    ------
    UsageError
        ``nothing_relevant`` is not in NOTHING_RELEVANT.
    """

    train: Annotated[
        Tabular | None,
        typer.Option("--train", metavar="LOG", help="Interactions of training, if --truth does not contain them."),
        Reads(),
        TRUTH,
    ] = None
    items: Annotated[
        Tabular | None, typer.Option("--items", metavar="TABLE", help="Table of the items."), Reads(), JUDGED
    ] = None
    embedding: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Embedding column for the similarity of items."),
        Needs("--items"),
        NeedsInput("a metric that uses vectors, or --baselines"),
    ] = None
    min_weight: Annotated[
        float | None,
        typer.Option("--min-weight", metavar="N", help="Treat interactions of weight N or more as relevant."),
        TRUTH,
    ] = None
    nothing_relevant: Annotated[
        str,
        typer.Option(
            "--nothing-relevant",
            metavar="skip|zero",
            help="Skip users with judgements but no relevant item, or count them as 0 as trec_eval does.",
        ),
        TRUTH,
    ] = "skip"
    fold: Annotated[
        int | None,
        typer.Option("--fold", metavar="N", help="Fold to use as the test part, if the log has a column 'fold'."),
        TRUTH,
        NeedsInput("a log with a column 'fold'"),
    ] = None
    columns: TruthColumns = field(default_factory=TruthColumns)
    id_column: Annotated[IdColumn, Needs("--items")] = None

    def __post_init__(self) -> None:
        if self.nothing_relevant not in NOTHING_RELEVANT:
            raise unknown("--nothing-relevant", self.nothing_relevant, list(NOTHING_RELEVANT))

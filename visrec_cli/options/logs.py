"""What a log of behaviour is called and how it is cleaned: options that several verbs share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import not_
from typing import Annotated

import typer

from visrec_cli.errors import UsageError, unknown
from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.parsers import weights
from visrec_cli.options.requirements import NeedsInput

REPEATS = ("sum", "count", "last", "max")

LogFile = Annotated[
    str,
    typer.Argument(
        metavar="[LOG]",
        help="Interactions (CSV, TSV, Parquet, NDJSON, Arrow; or a folder or pattern of their parts), or - for stdin.",
    ),
    Reads(),
]
UserColumn = Annotated[
    str | None,
    typer.Option("--user-column", metavar="NAME", help="User column (default: user_id, user, customer_id, …)."),
]
ItemColumn = Annotated[
    str | None, typer.Option("--item-column", metavar="NAME", help="Item column (default: item_id, movieId, asin, …).")
]
WeightColumn = Annotated[
    str | None,
    typer.Option(
        "--weight-column",
        metavar="NAME",
        help="Weight column (default: weight, rating, …); 'none' gives every row the weight 1.",
    ),
]
TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--time-column",
        metavar="NAME",
        help="Time column (default: timestamp, date, t_dat, …); 'none' ignores times.",
    ),
]
EventColumn = Annotated[
    str | None,
    typer.Option(
        "--event-column",
        metavar="NAME",
        help="Event column (default: event, behavior, …); 'none' ignores events.",
    ),
]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="Read CSV or TSV without a header: user, item, rating, timestamp (as in u.data).",
    ),
    NeedsInput("a log as CSV or TSV"),
]
Repeats = Annotated[
    str | None,
    typer.Option(
        "--repeats",
        metavar="WAY",
        help="Combine rows of the same user and item: sum, count, last or max (default: last for ratings, else sum).",
    ),
]
MinWeight = Annotated[
    float | None,
    typer.Option(
        "--min-weight", metavar="N", help="Keep rows of weight N or more, as likes of weight 1; drop the others."
    ),
]
HalfLife = Annotated[
    float | None,
    typer.Option(
        "--half-life", metavar="DAYS", help="Halve the weight of a row for every DAYS that it is older than the newest."
    ),
    NeedsInput("a log with times"),
]
KCore = Annotated[
    int,
    typer.Option(
        "--k-core",
        min=0,
        metavar="K",
        help="Keep only users with K items or more and items with K users or more, repeatedly, until all have.",
    ),
]


def _events(text: str | None) -> dict[str, float]:
    return weights(text, flag="--events", example="view=1,buy=5") if text else {}


Events = Annotated[
    Mapping[str, float],
    typer.Option("--events", metavar="view=1,buy=5", help="Weight of each event; drop all other events."),
    NeedsInput("a log with a column of events"),
    CommandLineType(str | None, None, _events),
]


@dataclass(frozen=True)
class Columns:
    """What the columns of a log are called. None: found by its usual names; ``none``: there is no such column.

    header: whether the first line of a text file names the columns; without one they are user, item, rating, timestamp.
    """

    user: UserColumn = None
    item: ItemColumn = None
    weight: WeightColumn = None
    time: TimeColumn = None
    event: EventColumn = None
    header: Annotated[NoHeader, CommandLineType(bool, False, not_)] = True


@dataclass(frozen=True)
class Cleaning:
    """How a log is cleaned; the steps happen in this order.

    events: what each event weighs; the others are left out. repeats: what becomes of one user and item on several rows:
    their weights are summed (``sum``), the rows counted (``count``), or the ``last`` or largest (``max``) weight kept;
    None: last for ratings, sum otherwise. min_weight: below it a pair is left out, from it on it is a like of weight 1.
    half_life: days in which a weight fades to one half, counted from the newest row. k_core: users and items with
    fewer partners are left out, again and again, until all have as many.
    """

    events: Events = field(default_factory=dict)
    repeats: Repeats = None
    min_weight: MinWeight = None
    half_life: HalfLife = None
    k_core: KCore = 0

    def __post_init__(self) -> None:
        if self.repeats is not None and self.repeats not in REPEATS:
            raise unknown("way to merge repeats", self.repeats, list(REPEATS))
        bad = next((name for name, weight in self.events.items() if not 0 <= weight < math.inf), None)
        if bad is not None:
            raise UsageError(f"the weight of event '{bad}' must be a number from 0 on", fix="--events view=1,buy=5")
        if self.half_life is not None and not 0 < self.half_life < math.inf:
            raise UsageError("the half-life must be a positive number of days", fix="--half-life 30")

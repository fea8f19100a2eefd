"""Options of interaction logs, which several verbs share, turned into the objects that stages take."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.options.parsers import weights
from visrec_cli.options.requirements import NeedsInput

if TYPE_CHECKING:
    from visrec_cli.options.logs import Cleaning, Columns


Events = Annotated[
    str | None,
    typer.Option("--events", metavar="view=1,buy=5", help="Weight of each event; drop all other events."),
    NeedsInput("a log with a column of events"),
]


def columns_of(
    user: str | None,
    item: str | None,
    weight: str | None,
    time: str | None,
    event: str | None,
    no_header: bool = False,
) -> "Columns":
    """--user-column, --item-column, --weight-column, --time-column, --event-column and --no-header."""
    from visrec_cli.options.logs import Columns

    return Columns(user, item, weight, time, event, header=not no_header)


def cleaning_of(
    min_weight: float | None, events: str | None, repeats: str | None, half_life: float | None, k_core: int
) -> "Cleaning":
    """--min-weight, --events, --repeats, --half-life and --k-core. Raises UsageError for invalid values."""
    from visrec_cli.options.logs import Cleaning

    return Cleaning(
        events=weights(events, flag="--events", example="view=1,buy=5") if events else {},
        repeats=repeats,
        min_weight=min_weight,
        half_life=half_life,
        k_core=k_core,
    )

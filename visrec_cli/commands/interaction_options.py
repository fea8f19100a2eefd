"""Options of interaction logs, which several verbs share, turned into the objects that stages take."""

from typing import TYPE_CHECKING

from visrec_cli.commands.parsers import weights

if TYPE_CHECKING:
    from visrec_cli.logs.cleanup import Cleaning
    from visrec_cli.tables.interaction_log import Columns


def columns_of(
    user: str | None,
    item: str | None,
    weight: str | None,
    time: str | None,
    event: str | None,
    no_header: bool = False,
) -> "Columns":
    """--user-column, --item-column, --weight-column, --time-column, --event-column and --no-header."""
    from visrec_cli.tables.interaction_log import Columns

    return Columns(user, item, weight, time, event, header=not no_header)


def cleaning_of(
    min_weight: float | None, events: str | None, repeats: str | None, half_life: float | None, k_core: int
) -> "Cleaning":
    """--min-weight, --events, --repeats, --half-life and --k-core. Raises UsageError for invalid values."""
    from visrec_cli.logs.cleanup import Cleaning

    return Cleaning(
        events=weights(events, flag="--events", example="view=1,buy=5") if events else {},
        repeats=repeats,
        min_weight=min_weight,
        half_life=half_life,
        k_core=k_core,
    )

"""``visrec profile``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.interaction_options import Events, cleaning_of, columns_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.logs import (
    EventColumn,
    ItemColumn,
    MinWeight,
    NoHeader,
    Repeats,
    TimeColumn,
    UserColumn,
    WeightColumn,
)
from visrec_cli.options.requirements import Needs, NeedsInput
from visrec_cli.options.shared import Format, Output, Quiet, Rejects, Strict
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

_LOG = NeedsInput("a log: a model has cleaned its log already")


def command(
    source: Annotated[
        str, typer.Argument(metavar="[MODEL|LOG]", help="Model of train-cf, or interactions; - is stdin."), Reads()
    ] = "-",
    user: Annotated[
        list[str] | None, typer.Option("--user", metavar="ID", help="User to profile. Repeat for more users.")
    ] = None,
    items: Annotated[
        str | None,
        typer.Option("--items", metavar="TABLE", help="Table of items: titles, pictures, categories, vectors."),
        Reads(),
    ] = None,
    category: Annotated[
        str | None,
        typer.Option("--category", metavar="NAME", help="Column of categories (default: category, genres, …)."),
    ] = None,
    column: Annotated[
        str | None, typer.Option("--column", metavar="NAME", help="Embedding column for the prototypes.")
    ] = None,
    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write the profile as one self-contained HTML page."),
        Writes("a page"),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page."), Needs("--html")] = None,
    min_weight: Annotated[MinWeight, _LOG] = None,
    events: Annotated[Events, _LOG] = None,
    repeats: Annotated[Repeats, _LOG] = None,
    user_column: Annotated[UserColumn, _LOG] = None,
    item_column: Annotated[ItemColumn, _LOG] = None,
    weight_column: Annotated[WeightColumn, _LOG] = None,
    time_column: Annotated[TimeColumn, _LOG] = None,
    event_column: Annotated[EventColumn, _LOG] = None,
    no_header: Annotated[NoHeader, _LOG] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the clusters and permutation tests.")] = 0,
    output: Output = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Profile the tastes of users: visual styles, categories, times, and changes over time.

    Prototypes are clusters of the liked items by the vectors of --items, each with its most central item. Categories
    are compared with those of all users, and the early half of a history with the late half; only significant
    differences are reported. For users with few items, the profile states what cannot be determined.

    The result has one row per user, then one per prototype, then one per category: docs/map-and-profile.md

    Examples:

        visrec profile als.arrow --user 42 --items catalogue.arrow --html profile.html -o profile.arrow

        visrec profile ratings.csv --min-weight 4 --user 42 --user 7 --items items.csv --category title --format csv
    """
    from pathlib import Path

    from visrec_cli.commands.runner import run_stage
    from visrec_cli.tables.atomic import atomic

    columns = columns_of(user_column, item_column, weight_column, time_column, event_column, no_header)
    cleaning = cleaning_of(min_weight, events, repeats, None, 0)

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.profile import likes_of, table_of, tastes_of

        likes = likes_of(source, user or (), items, column, category, columns, cleaning, report)
        tastes = tastes_of(likes, user or (), seed=seed, report=report)
        if html is not None:
            from visrec_cli.stages.profile.page import taste_page

            page = taste_page(likes, tastes, items=items, title=title, report=report)
            with atomic(Path(html)) as raw:
                raw.write(page.encode())
        return table_of(likes, tastes).to_reader()

    run_stage(
        stage, Destination(output=output, format=format, rejects=rejects, strict=strict, quiet=quiet), noun="rows"
    )

"""``visrec profile``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads
from visrec_cli.options.profile import ProfileFile, ProfileOptions
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ProfileArguments:
    """A model or a log."""

    source: Annotated[
        str, typer.Argument(metavar="[MODEL|LOG]", help="Model of train-cf, or interactions; - is stdin."), Reads()
    ] = "-"


def run(given: Given) -> None:
    """Profile the tastes of users: visual styles, categories, times, and changes over time.

    Prototypes are clusters of the liked items by the vectors of --items, each with its most central item. Categories
    are compared with those of all users, and the early half of a history with the late half; only significant
    differences are reported. For users with few items, the profile states what cannot be determined.

    The result has one row per user, then one per prototype, then one per category: docs/map-and-profile.md

    Examples:

        visrec profile als.arrow --user 42 --items catalogue.arrow --html profile.html -o profile.arrow

        visrec profile ratings.csv --min-weight 4 --user 42 --user 7 --items items.csv --category title --format csv
    """
    from visrec_cli.commands.runner import run_stage
    from visrec_cli.tables.atomic import atomic

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.profile import table_of, tastes_of
        from visrec_cli.stages.profile.likes import open_likes

        options, page = given.of(ProfileOptions), given.of(ProfileFile)
        likes = open_likes(given["source"], options, report)
        tastes = tastes_of(likes, options, report)
        if page.html is not None:
            from visrec_cli.stages.profile.page import taste_page

            html = taste_page(likes, tastes, items=options.items, title=page.title, report=report)
            with atomic(Path(page.html)) as raw:
                raw.write(html.encode())
        return table_of(likes, tastes).to_reader()

    run_stage(stage, given.of(Destination), noun="rows")


command = command_of(run, ProfileArguments, ProfileOptions, ProfileFile, Destination)

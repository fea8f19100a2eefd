"""``visrec interactions``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.file_options import Reads
from visrec_cli.commands.interaction_options import cleaning_of, columns_of
from visrec_cli.commands.option_requirements import Needs
from visrec_cli.commands.options import (
    EventColumn,
    Events,
    Format,
    HalfLife,
    IdColumn,
    ItemColumn,
    KCore,
    LogFile,
    MinWeight,
    NoHeader,
    Output,
    Quiet,
    Rejects,
    Repeats,
    Strict,
    TimeColumn,
    UserColumn,
    WeightColumn,
)
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


def command(
    log: LogFile = "-",
    items: Annotated[
        str | None,
        typer.Option(
            "--items", metavar="TABLE", help="Table of items, to report coverage by pictures and ids that do not match."
        ),
        Reads(),
    ] = None,
    hash_users: Annotated[
        str | None,
        typer.Option(
            "--hash-users",
            metavar="KEYFILE",
            help="Replace user ids by keyed hashes; the key is in a file or env:NAME.",
        ),
        Reads(),
    ] = None,
    user_column: UserColumn = None,
    item_column: ItemColumn = None,
    weight_column: WeightColumn = None,
    time_column: TimeColumn = None,
    event_column: EventColumn = None,
    no_header: NoHeader = False,
    events: Events = None,
    repeats: Repeats = None,
    min_weight: MinWeight = None,
    half_life: HalfLife = None,
    k_core: KCore = 0,
    id_column: Annotated[IdColumn, Needs("--items")] = None,
    output: Output = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Read a log of clicks, purchases or ratings, clean it and report what it contains.

    The result has user_id, item_id, weight, and timestamp if the log has times, with one row per user and item; other
    columns are kept. The headers of MovieLens, Amazon, H&M, RecBole (.inter), LensKit and others are recognised. Times
    may be Unix seconds to nanoseconds or ISO dates, in UTC if they name no zone. Rows without user or item, or with a
    weight that is negative or not a number, are rejected. Rows of weight 0 are not interactions: they are dropped.

    With --hash-users the same key gives the same ids, so that logs of different days match. Other columns are kept:
    drop those that identify a person.

    The steps run in this order: --events, --repeats, --min-weight, --half-life, --k-core. train-cf has the same
    options; use this command to inspect a log, or to clean once a log that is read often.

    Examples:

        visrec interactions clicks.csv --items catalogue.arrow -o log.arrow

        visrec interactions ratings.csv --min-weight 4 --k-core 5 -o likes.parquet

        visrec interactions events.csv --events view=1,cart=3,buy=5 --half-life 30 -o log.arrow

        visrec interactions clicks.csv --hash-users users.key | visrec train-cf - -o model.arrow
    """
    from visrec_cli.commands.runner import run_stage

    columns = columns_of(user_column, item_column, weight_column, time_column, event_column, no_header)
    cleaning = cleaning_of(min_weight, events, repeats, half_life, k_core)

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.interactions import interactions

        return interactions(
            log,
            items=items,
            columns=columns,
            cleaning=cleaning,
            id_column=id_column,
            hash_users=hash_users,
            report=report,
        )

    run_stage(stage, output=output, format=format, rejects=rejects, strict=strict, quiet=quiet, noun="interactions")

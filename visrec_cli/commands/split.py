"""``visrec split``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.interaction_options import columns_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.logs import EventColumn, ItemColumn, LogFile, NoHeader, TimeColumn, UserColumn, WeightColumn
from visrec_cli.options.requirements import Excludes, Needs
from visrec_cli.options.shared import Format, IdColumn, Output, Quiet, Rejects, Strict
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

_PARTS = tuple(f"{fold}{part}.parquet" for fold in ("", "fold-*/") for part in ("train", "validation", "test"))


def command(
    log: LogFile = "-",
    by: Annotated[
        str,
        typer.Option("--by", metavar="WAY", help="Strategy: random, last, time, global-time, cold-item or cold-user."),
    ] = "random",
    test: Annotated[
        float | None,
        typer.Option(
            "--test", metavar="N", help="Size of the test part: a share below 1, else a count (default: 0.2; last: 1)."
        ),
        Excludes("--folds", "--cut"),
    ] = None,
    validation: Annotated[
        float,
        typer.Option("--validation", metavar="N", help="Size of the validation part, as --test."),
        Excludes("--folds", "--cut"),
    ] = 0.0,
    folds: Annotated[
        int,
        typer.Option(
            "--folds", min=0, metavar="N", help="Write a column 'fold' with N folds instead, for cross-validation."
        ),
        Needs("--by random|cold-item|cold-user"),
    ] = 0,
    cut: Annotated[
        str | None,
        typer.Option(
            "--cut", metavar="DATE", help="global-time: start of the test part; or two dates, of validation and test."
        ),
        Needs("--by global-time"),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="NAME", help="Column of --items whose groups stay in one part (duplicate_of)."),
        Needs("--items"),
        Needs("--by random|last|time|cold-item"),
    ] = None,
    items: Annotated[
        str | None,
        typer.Option("--items", metavar="TABLE", help="Table of items, for --group."),
        Reads(),
        Needs("--group"),
    ] = None,
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, help="Random seed; the split does not depend on the order of the rows."),
        Excludes("--by global-time"),
    ] = 0,
    files: Annotated[
        str | None,
        typer.Option(
            "--files", metavar="FOLDER", help="Also write train.parquet, validation.parquet and test.parquet there."
        ),
        Writes("parts", within=_PARTS),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an existing column 'split' or 'fold'.")] = False,
    user_column: UserColumn = None,
    item_column: ItemColumn = None,
    weight_column: WeightColumn = None,
    time_column: TimeColumn = None,
    event_column: EventColumn = None,
    no_header: NoHeader = False,
    id_column: Annotated[IdColumn, Needs("--items")] = None,
    output: Output = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Split interactions into training, validation and test: adds a column `split`, which train-cf reads.

    random draws interactions of each user. time holds out the latest of each user, last the latest one. global-time
    holds out everything after a point in time, so that training sees nothing of the future. cold-item and cold-user
    hold out whole items and users, to test new ones. Users with too few interactions to split stay in train.

    In a random split, all rows of a user and item are in one part. With --group, so are an item's near-duplicates: a
    duplicate in training would leak the test item.

    Examples:

        visrec split clicks.csv --test 0.2 --validation 0.1 -o log.arrow

        visrec split clicks.csv --by last --validation 1 --files parts -o log.arrow

        visrec split clicks.csv --by global-time --cut 2025-03-15 -o log.arrow

        visrec split clicks.csv --by cold-item --items items.arrow --group duplicate_of -o log.arrow

        visrec split clicks.csv --folds 5 -o folds.parquet
    """
    from visrec_cli.commands.runner import run_stage

    columns = columns_of(user_column, item_column, weight_column, time_column, event_column, no_header)

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.split import split

        return split(
            log,
            by=by,
            test=test,
            validation=validation,
            folds=folds,
            cut=cut,
            group=group,
            seed=seed,
            items=items,
            columns=columns,
            id_column=id_column,
            replace=replace,
            files=files,
            report=report,
        )

    run_stage(
        stage,
        Destination(output=output, format=format, rejects=rejects, strict=strict, quiet=quiet),
        noun="interactions",
    )

"""``visrec split``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.file_options import Reads, Writes
from visrec_cli.commands.interaction_options import columns_of
from visrec_cli.commands.option_requirements import Excludes, Needs
from visrec_cli.commands.options import (
    EventColumn,
    Format,
    IdColumn,
    ItemColumn,
    LogFile,
    NoHeader,
    Output,
    Quiet,
    Rejects,
    Strict,
    TimeColumn,
    UserColumn,
    WeightColumn,
)
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

_PARTS = tuple(f"{fold}{part}.parquet" for fold in ("", "fold-*/") for part in ("train", "validation", "test"))


def command(
    log: LogFile = "-",
    by: Annotated[
        str, typer.Option("--by", metavar="WAY", help="random, last, time, global-time, cold-item or cold-user.")
    ] = "random",
    test: Annotated[
        float | None,
        typer.Option("--test", metavar="N", help="Below 1 a share, from 1 on a count (default: 0.2; last: 1)."),
        Excludes("--folds", "--cut"),
    ] = None,
    validation: Annotated[
        float,
        typer.Option("--validation", metavar="N", help="The same for the validation part."),
        Excludes("--folds", "--cut"),
    ] = 0.0,
    folds: Annotated[
        int,
        typer.Option("--folds", min=0, metavar="N", help="A column 'fold' instead: each is the test part once."),
        Needs("--by random|cold-item|cold-user"),
    ] = 0,
    cut: Annotated[
        str | None,
        typer.Option("--cut", metavar="DATE", help="global-time: test from here; two dates: validation, then test."),
        Needs("--by global-time"),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="NAME", help="Column of --items: keep alike items on one side (duplicate_of)."),
        Needs("--items"),
        Needs("--by random|last|time|cold-item"),
    ] = None,
    items: Annotated[
        str | None, typer.Option("--items", metavar="TABLE", help="The items, for --group."), Reads(), Needs("--group")
    ] = None,
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, help="Same seed, same split, in whatever order rows come."),
        Excludes("--by global-time"),
    ] = 0,
    files: Annotated[
        str | None,
        typer.Option("--files", metavar="FOLDER", help="Also write train.parquet, validation.parquet, test.parquet."),
        Writes("parts", within=_PARTS),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a column 'split' or 'fold'.")] = False,
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
    """Say which interactions are for training, validation and test: a column `split`, which train-cf understands.

    random draws from each user. time takes each user's latest, last the latest one: what comes next? global-time
    takes everything from a moment on, as in real life, where nothing of the future is known. cold-item and cold-user
    hold out items and users entirely: what about new ones? Users with too little to split stay in train.

    In a random split, what a user did with an item stays on one side; with --group, so do an item's near-duplicates,
    because a twin in training gives the test item away.

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

    run_stage(stage, output=output, format=format, rejects=rejects, strict=strict, quiet=quiet, noun="interactions")

"""``visrec split``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.logs import LogFile
from visrec_cli.options.split import SplitOptions
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class SplitArguments:
    """The log."""

    log: LogFile = "-"


def run(given: Given) -> None:
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

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.split import split

        return split(given["log"], given.of(SplitOptions), report=report)

    run_stage(stage, given.of(Destination), noun="interactions")


command = command_of(run, SplitArguments, SplitOptions, Destination)

"""``visrec interactions``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.interactions import InteractionsOptions
from visrec_cli.options.logs import LogFile
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class InteractionsArguments:
    """The log."""

    log: LogFile = "-"


def run(given: Given) -> None:
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

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.interactions import interactions

        return interactions(given["log"], given.of(InteractionsOptions), report=report)

    run_stage(stage, given.of(Destination), noun="interactions")


command = command_of(run, InteractionsArguments, InteractionsOptions, Destination)

"""``visrec concat``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.concat import ConcatOptions
from visrec_cli.options.destination import DestinationWithoutRejects
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.shared import AnyFormat
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ConcatArguments:
    """The tables."""

    tables: Annotated[
        list[str],
        typer.Argument(
            metavar="TABLE…",
            help="Tables with the same or other columns: files, folders of parts, patterns; - is stdin.",
        ),
        Reads(),
    ]


@dataclass(frozen=True, kw_only=True)
class ConcatDestination(DestinationWithoutRejects):
    """Where the rows go; none can be rejected."""

    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Output file: .arrow, .parquet, .npy, .csv, .ndjson; - is stdout."
        ),
        Writes("any table", over=("tables",), stdout=True),
    ] = "-"
    format: AnyFormat = None


def run(given: Given) -> None:
    """Put tables below each other, row by row.

    Columns are matched by name; what a table lacks is null in its rows, and a note says so. Types are widened where
    nothing is lost (int32 to int64, whole numbers to fractions), and refused otherwise. Vectors must be in one space.
    The tables are streamed: memory does not grow with them.

    --upsert keeps the last row of each id, so that a catalogue is brought up to date by appending to it. It reads the
    tables twice and holds only their ids in memory.

    To join columns of the same items, use fuse.

    Examples:

        visrec concat january.arrow february.arrow -o both.arrow

        visrec concat 'logs/2026-*.csv.gz' -o log.parquet

        visrec concat catalogue.arrow new.arrow --upsert -o catalogue.arrow

        visrec concat catalogue.arrow --delete sold-out.txt -o shown.arrow
    """
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.concat import concat

        return concat(*given["tables"], options=given.of(ConcatOptions), report=report)

    run_stage(stage, given.of(ConcatDestination), noun="rows")


command = command_of(run, ConcatArguments, ConcatOptions, ConcatDestination)

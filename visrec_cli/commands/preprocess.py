"""``visrec preprocess``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.preprocess import PreprocessOptions
from visrec_cli.options.requirements import CommandValues
from visrec_cli.options.shared import Output
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


def _result(line: CommandValues) -> str:
    return "stored pictures" if line.has("store") else "a table"


@dataclass(frozen=True)
class PreprocessArguments:
    """Where the pictures are."""

    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Folders, pictures, .zip or .tar archives, a table with a column of paths, or - for paths from stdin.",
            show_default=False,
        ),
        Reads(),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ItemsFile(Destination):
    """Where the table goes. Some formats cannot hold stored pictures."""

    output: Annotated[Output, Writes(_result, stdout=True)] = "-"


def run(given: Given) -> None:
    """Make one table of items from pictures: ids, paths, quality, duplicates, and your own columns.

    Pictures are rotated upright, transparent parts become white, and animations give their first frame. Unusable
    pictures are counted, and listed with --rejects; other files are counted.

    Examples:

        visrec preprocess ./imgs --items items.csv -o items.arrow

        visrec preprocess items.csv --min-resolution 256 --drop-duplicates near -o items.arrow

        visrec preprocess ./imgs --store jpeg --resize 512 --trim background -o items.arrow

        find ./imgs -name '*.jpg' -print0 | visrec preprocess -0 - --id-from name --items items.csv -o items.arrow
    """
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.preprocess import preprocess

        options = given.of(PreprocessOptions)
        sources = given["sources"] or ([] if options.items else ["-"])
        return preprocess(sources, options, report=report)

    run_stage(stage, given.of(ItemsFile), noun="items")


command = command_of(run, PreprocessArguments, PreprocessOptions, ItemsFile)

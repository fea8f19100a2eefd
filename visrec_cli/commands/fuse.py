"""``visrec fuse``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import DestinationWithoutRejects
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.fuse import LAYOUTS, FuseOptions
from visrec_cli.options.requirements import CommandValues
from visrec_cli.options.shared import VectorsFormat, VectorsOutput
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


def _list_methods(wanted: bool) -> None:
    if wanted:
        from visrec_cli.commands.recommender_list import show_methods

        show_methods()
        raise typer.Exit


def _result(line: CommandValues) -> str:
    return "a table" if line.values["method"] in LAYOUTS else "vectors"


@dataclass(frozen=True)
class FuseArguments:
    """The tables, and the list of methods that is shown instead."""

    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TABLE]…", help="Tables with embeddings; several are joined by item_id. Default: stdin."
        ),
        Reads(),
    ] = None
    methods: Annotated[
        bool,
        typer.Option("--methods", callback=_list_methods, is_eager=True, help="List all methods and their settings."),
    ] = False


@dataclass(frozen=True, kw_only=True)
class FusedTable(DestinationWithoutRejects):
    """Where the table with the new column goes; no item is rejected."""

    output: Annotated[VectorsOutput, Writes(_result, over=("tables",), stdout=True)] = "-"
    format: VectorsFormat = None


def run(given: Given) -> None:
    """Fuse several embeddings of each item into one column, `embedding`.

    Every column is scaled to length 1, so that none dominates. The fitted recipe is stored with the new column, so that
    `visrec recommend --image new.jpg` can project a new picture into the same space. Learned methods hold back a tenth
    of the items, stop early, and report their validation result. After two-tower or cca, text queries find images that
    have no text.

    Examples:

        visrec embed-images ./imgs | visrec fuse -o catalogue.arrow

        visrec fuse image.arrow text.arrow --weights image=2,text=1 -o catalogue.arrow

        visrec fuse catalogue.arrow --reduce whiten --dim 64 -o small.npy --format npy

        visrec fuse catalogue.arrow --method two-tower --into joint_embedding -o joint.arrow

        visrec fuse catalogue.arrow --method attention --target category --set score=multiplicative -o mixed.arrow

        visrec fuse catalogue.arrow --reduce lda --target category -o told-apart.arrow

        visrec fuse catalogue.arrow --method tsne --dim 2 -o places.arrow
    """
    from visrec_cli.commands.runner import run_stage

    options = given.of(FuseOptions)

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.fuse import fuse

        return fuse(*(given["tables"] or ["-"]), options=options, report=report)

    run_stage(stage, given.of(FusedTable), column=options.into, noun="items")


command = command_of(run, FuseArguments, FuseOptions, FusedTable)

"""``visrec fuse``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.options import Format, Output, Quiet
from visrec_cli.commands.words import listed
from visrec_cli.commands.words import weights as parsed
from visrec_cli.runtime.reporting import Report

if TYPE_CHECKING:
    import pyarrow as pa


def command(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TABLE]…", help="One or several tables; several are joined by item_id. Default: stdin."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="concat: side by side. mean: average, within one space.")
    ] = "concat",
    columns: Annotated[
        str, typer.Option("--columns", metavar="A,B", help="Embedding columns to fuse, in this order. Default: all.")
    ] = "",
    weights: Annotated[
        str, typer.Option("--weights", metavar="image=2,text=1", help="How much each part counts. Default: 1 each.")
    ] = "",
    normalise: Annotated[
        str, typer.Option("--normalise", help="l2: each part to length 1 first. none: as it is.")
    ] = "l2",
    missing: Annotated[
        str,
        typer.Option(
            "--missing", help="An item lacks a part: zero (it says nothing), mean (the average stands in), drop, fail."
        ),
    ] = "zero",
    reduce: Annotated[
        str | None,
        typer.Option("--reduce", metavar="pca|whiten", help="Reduce to --dim numbers, fitted on this table."),
    ] = None,
    dim: Annotated[
        int | None, typer.Option("--dim", min=1, help="Numbers to keep with --reduce. Default: 128.")
    ] = None,
    into: Annotated[str, typer.Option("--into", help="Name of the new column.")] = "embedding",
    half: Annotated[bool, typer.Option("--half", help="Store float16 (half the size; duckdb cannot scan it).")] = False,
    ids: Annotated[
        str | None, typer.Option("--ids", metavar="FILE", help="Ids of an NPY matrix, one per line.")
    ] = None,
    row_ids: Annotated[bool, typer.Option("--row-ids", help="Call the rows of an NPY matrix 0, 1, 2 …")] = False,
    output: Output = "-",
    format: Format = None,
    quiet: Quiet = False,
) -> None:
    """Fuse several embeddings of each item into one column, `embedding`.

    Every part is scaled to length 1, so that no modality drowns another; the fitted recipe travels with the column, so
    that `visrec recommend --image new.jpg` can put a new picture into the same space.

    Examples:

        visrec embed-images ./imgs | visrec fuse -o catalogue.arrow

        visrec fuse image.arrow text.arrow --weights image=2,text=1 -o catalogue.arrow

        visrec fuse catalogue.arrow --reduce whiten --dim 64 -o small.npy --format npy
    """
    from visrec_cli.commands.running import run_stage

    factors = parsed(weights, flag="--weights", example="image=2,text=1")

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.fuse import fuse

        npy = {"ids": ids, "row_ids": row_ids} if ids or row_ids else {}
        return fuse(
            *(tables or ["-"]),
            method=method,
            columns=listed(columns) or (),
            weights=factors,
            normalise=normalise,
            missing=missing,
            reduce=reduce,
            dim=dim,
            into=into,
            half=half,
            report=report,
            **npy,
        )

    run_stage(stage, output=output, format=format, column=into, quiet=quiet, noun="items")

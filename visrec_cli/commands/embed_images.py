"""``visrec embed-images``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from visrec_cli.commands.keeping import CacheFolder, NoCache, cache_of
from visrec_cli.commands.options import (
    Device,
    Engine,
    Format,
    IdColumn,
    ImageColumn,
    Output,
    Precise,
    Quiet,
    Rejects,
    Source,
    Strict,
    Threads,
)
from visrec_cli.runtime.reporting import Report

if TYPE_CHECKING:
    import pyarrow as pa


def command(
    source: Source = "-",
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder",
            "-e",
            metavar="SPEC",
            help="lite0 (offline), timm:NAME, st:NAME or st:FOLDER (CLIP-like), file:PATH?arch=NAME, "
            "onnx:PATH (visrec export-encoder), "
            "or hand-made: colour, lbp, hog, colour+hog.",
        ),
    ] = "lite0",
    labels: Annotated[
        int, typer.Option("--labels", metavar="K", min=0, help="Also name the K likeliest classes of each picture.")
    ] = 0,
    into: Annotated[str, typer.Option("--into", metavar="NAME", help="Name of the new column.")] = "image_embedding",
    normalise: Annotated[
        bool, typer.Option("--normalise/--no-normalise", help="Scale each vector to length 1.")
    ] = True,
    half: Annotated[bool, typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it.")] = False,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            min=1,
            help="Pictures per batch of a model in torch: 8 on a CPU, 64 on a GPU, halved when memory is short.",
        ),
    ] = None,
    device: Device = "auto",
    precise: Precise = False,
    engine: Engine = "auto",
    threads: Threads = None,
    cache: CacheFolder = None,
    no_cache: NoCache = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would cost: time, memory, disk, from a sample.")
    ] = False,
    image_column: ImageColumn = None,
    id_column: IdColumn = None,
    output: Output = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Turn the picture of every item into a vector: the column image_embedding.

    Takes a folder, or a table with pictures or their paths; keeps all other columns. Items without a usable picture
    stay, with null. The first encoder works offline; timm: and st: fetch a model once. Vectors are kept: the next run
    computes only what is new, whatever the files are called by then.

    Examples:

        visrec embed-images ./imgs -o embedded.arrow

        visrec preprocess ./imgs --items items.csv | visrec embed-images --labels 5 -o embedded.arrow

        visrec embed-images ./imgs --encoder colour+hog | visrec fuse -o table.arrow

        visrec embed-images ./imgs --dry-run
    """  # fmt: skip
    options: dict[str, Any] = {
        "encoder": encoder, "labels": labels, "normalise": normalise, "batch_size": batch_size, "device": device,
        "precise": precise, "engine": engine, "threads": threads, "cache": cache_of(cache, no_cache),
        "image_column": image_column, "id_column": id_column,
    }  # fmt: skip
    if dry_run:
        _estimate(source, options, quiet=quiet)
        return
    from visrec_cli.commands.running import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.embed_images import embed_images

        return embed_images(source, into=into, half=half, report=report, **options)

    run_stage(
        stage, output=output, format=format, column=into, rejects=rejects, strict=strict, quiet=quiet, noun="items"
    )


def _estimate(source: str, options: dict[str, Any], *, quiet: bool) -> None:
    from visrec_cli.commands.running import progress, summarise
    from visrec_cli.stages.embed_images import estimate_images

    report = Report()
    with progress(report, quiet):
        found = estimate_images(source, report=report, **options)
    print("\n".join(found.lines()))
    if not quiet and report.warnings:
        summarise(report, found.rows, "rows", "-")

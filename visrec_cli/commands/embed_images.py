"""``visrec embed-images``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from visrec_cli.commands.cache_options import CacheFolder, NoCache, cache_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import CommandValues, Condition, Excludes, NeedsInput
from visrec_cli.options.shared import (
    Device,
    Engine,
    IdColumn,
    ImageColumn,
    MatrixIds,
    Precise,
    Quiet,
    Rejects,
    RowIds,
    Source,
    Strict,
    Threads,
    VectorsFormat,
    VectorsOutput,
)
from visrec_cli.registry import IMAGE_ENCODER, REGISTRY
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

_CLASSICAL = tuple(name for name, place in REGISTRY["image-encoder"].items() if ".classical:" in place)
_TABLE = NeedsInput("a table: a folder names its pictures itself")


def _classical(line: CommandValues) -> bool:
    return line.values["encoder"].split("+")[0] in _CLASSICAL


def _result(line: CommandValues) -> str:
    return "labels beside vectors" if line.has("labels") else "vectors"


_NO_MODEL = Condition(f"--encoder {', '.join(_CLASSICAL)}, which needs no model", _classical)
_NO_GPU = Condition(
    f"--encoder {', '.join(_CLASSICAL)}, which computes on the CPU",
    lambda line: _classical(line) and line.values["device"] not in ("auto", "cpu"),
)


def command(
    source: Source = "-",
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder",
            "-e",
            metavar="SPEC",
            help="Encoder: lite0 (offline), timm:NAME, st:NAME or st:FOLDER (CLIP-like), file:PATH?arch=NAME, "
            "onnx:PATH (visrec export-encoder), "
            "classical features colour, lbp, hog, colour+hog; or a plug-in.",
        ),
        Reads(),
    ] = IMAGE_ENCODER,
    labels: Annotated[
        int,
        typer.Option("--labels", metavar="K", min=0, help="Add the K most likely classes of each picture."),
        NeedsInput("an encoder that was trained to classify"),
    ] = 0,
    into: Annotated[
        str, typer.Option("--into", metavar="NAME", help="Name of the new column."), Excludes("--dry-run")
    ] = "image_embedding",
    normalise: Annotated[
        bool, typer.Option("--normalise/--no-normalise", help="Scale each vector to length 1.")
    ] = True,
    half: Annotated[
        bool,
        typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it."),
        Excludes("--dry-run"),
    ] = False,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            min=1,
            help="Pictures per batch with torch (default: 8 on a CPU, 64 on a GPU); halved if memory runs out.",
        ),
    ] = None,
    device: Annotated[Device, Excludes(_NO_GPU)] = "auto",
    precise: Annotated[Precise, Excludes(_NO_MODEL)] = False,
    engine: Annotated[Engine, Excludes(_NO_MODEL)] = "auto",
    ignore_profiles: Annotated[
        bool,
        typer.Option(
            "--ignore-profiles",
            help="Ignore colour profiles, for vectors compatible with tables and models of the first release.",
        ),
    ] = False,
    threads: Threads = None,
    cache: CacheFolder = None,
    no_cache: NoCache = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only estimate time, memory and disk from a sample.")
    ] = False,
    image_column: Annotated[ImageColumn, _TABLE] = None,
    id_column: Annotated[IdColumn, _TABLE] = None,
    ids: MatrixIds = None,
    row_ids: RowIds = False,
    output: Annotated[VectorsOutput, Excludes("--dry-run"), Writes(_result, over=("source",), stdout=True)] = "-",
    format: Annotated[VectorsFormat, Excludes("--dry-run")] = None,
    rejects: Annotated[Rejects, Excludes("--dry-run")] = None,
    strict: Annotated[Strict, Excludes("--dry-run")] = False,
    quiet: Quiet = False,
) -> None:
    """Compute an embedding of each item's picture, in the column image_embedding.

    Reads a folder, or a table with pictures or their paths; keeps all other columns. Items without a usable picture
    are kept, with null. lite0 works offline; timm: and st: download a model once. Vectors are cached: the next run
    computes only those of new pictures, even if files were renamed.

    Examples:

        visrec embed-images ./imgs -o embedded.arrow

        visrec preprocess ./imgs --items items.csv | visrec embed-images --labels 5 -o embedded.arrow

        visrec embed-images ./imgs --encoder colour+hog | visrec fuse -o table.arrow

        visrec embed-images ./imgs --dry-run
    """  # fmt: skip
    options: dict[str, Any] = {
        "encoder": encoder, "labels": labels, "normalise": normalise, "batch_size": batch_size, "device": device,
        "precise": precise, "engine": engine, "ignore_profiles": ignore_profiles, "threads": threads,
        "cache": cache_of(cache, no_cache), "image_column": image_column, "id_column": id_column,
        "ids": ids, "row_ids": row_ids,
    }  # fmt: skip
    if dry_run:
        _estimate(source, options, quiet=quiet)
        return
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.embed_images import embed_images

        return embed_images(source, into=into, half=half, report=report, **options)

    run_stage(
        stage,
        Destination(output=output, format=format, rejects=rejects, strict=strict, quiet=quiet),
        column=into,
        noun="items",
    )


def _estimate(source: str, options: dict[str, Any], *, quiet: bool) -> None:
    from visrec_cli.commands.runner import new_report, progress, summarise
    from visrec_cli.stages.embed_images import estimate_images

    report = new_report()
    with progress(report, quiet):
        found = estimate_images(source, report=report, **options)
    print("\n".join(found.lines()))
    if not quiet and report.warnings:
        summarise(report, found.rows, "rows", "-")

"""``visrec embed-images``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options import shared
from visrec_cli.options.cache import CacheFlags
from visrec_cli.options.destination import Destination
from visrec_cli.options.embed_images import ImageEmbeddingOptions
from visrec_cli.options.files import Writes
from visrec_cli.options.requirements import CommandValues, Excludes
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

_DRY_RUN = Excludes("--dry-run")


def _result(line: CommandValues) -> str:
    return "labels beside vectors" if line.has("labels") else "vectors"


@dataclass(frozen=True)
class EmbedImagesArguments:
    """The items."""

    source: shared.Source = "-"


@dataclass(frozen=True, kw_only=True)
class EmbedImagesDestination(Destination):
    """Where the vectors go, or whether they are only estimated."""

    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only estimate time, memory and disk from a sample.")] = (
        False
    )
    output: Annotated[shared.VectorsOutput, _DRY_RUN, Writes(_result, over=("source",), stdout=True)] = "-"
    format: Annotated[shared.VectorsFormat, _DRY_RUN] = None
    rejects: Annotated[shared.Rejects, _DRY_RUN] = None
    strict: Annotated[shared.Strict, _DRY_RUN] = False


def run(given: Given) -> None:
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
    to, options = given.of(EmbedImagesDestination), given.of(ImageEmbeddingOptions, cache=given.of(CacheFlags).open())
    if to.dry_run:
        _estimate(given["source"], options, quiet=to.quiet)
        return
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.embed_images import embed_images

        return embed_images(given["source"], options, report=report)

    run_stage(stage, to, column=options.into, noun="items")


def _estimate(source: str, options: ImageEmbeddingOptions, *, quiet: bool) -> None:
    from visrec_cli.commands.runner import new_report, progress, summarise
    from visrec_cli.stages.embed_images import estimate_images

    report = new_report()
    with progress(report, quiet):
        found = estimate_images(source, options, report=report)
    print("\n".join(found.lines()))
    if not quiet and report.warnings:
        summarise(report, found.rows, "rows", "-")


command = command_of(run, EmbedImagesArguments, ImageEmbeddingOptions, CacheFlags, EmbedImagesDestination)

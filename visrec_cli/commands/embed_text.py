"""``visrec embed-text``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.cache_options import CacheFolder, NoCache, cache_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import Excludes
from visrec_cli.options.shared import (
    BatchSize,
    Device,
    Engine,
    IdColumn,
    Precise,
    Quiet,
    Rejects,
    Strict,
    Table,
    Threads,
    VectorsFormat,
    VectorsOutput,
)
from visrec_cli.registry import TEXT_ENCODER
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


def command(
    source: Table = "-",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns", "-c", metavar="A,B", help="Columns to join (default: title, description, …, if present)."
        ),
        Excludes("--template"),
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="TEXT", help='Text built from columns: "{title} by {brand}".')
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder", "-e", metavar="SPEC", help="Encoder: minilm (offline), st:NAME, st:FOLDER or a plug-in."
        ),
        Reads(),
    ] = TEXT_ENCODER,
    prefix: Annotated[
        str,
        typer.Option(
            "--prefix", metavar="TEXT", help='Text to put before each text, if the model expects it ("passage: ").'
        ),
    ] = "",
    into: Annotated[str, typer.Option("--into", metavar="NAME", help="Name of the new column.")] = "text_embedding",
    normalise: Annotated[
        bool, typer.Option("--normalise/--no-normalise", help="Scale each vector to length 1.")
    ] = True,
    half: Annotated[bool, typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it.")] = False,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    precise: Precise = False,
    engine: Engine = "auto",
    threads: Threads = None,
    cache: CacheFolder = None,
    no_cache: NoCache = False,
    id_column: IdColumn = None,
    output: VectorsOutput = "-",
    format: VectorsFormat = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Compute an embedding of each item's text, in the column text_embedding.

    Keeps all other columns. Items without text are kept, with null. minilm works offline and is best at English; st:
    downloads a model of sentence-transformers once.

    Examples:

        visrec embed-text items.csv --columns title,description -o texts.arrow

        visrec preprocess ./imgs --items items.csv | visrec embed-text -c title -o texts.arrow
    """  # fmt: skip
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.embed_text import embed_text

        names = [name.strip() for several in columns or [] for name in several.split(",") if name.strip()]
        return embed_text(
            source, columns=names, template=template, prefix=prefix, encoder=encoder, into=into, normalise=normalise,
            half=half, batch_size=batch_size, device=device, precise=precise, engine=engine, threads=threads,
            cache=cache_of(cache, no_cache), id_column=id_column, report=report,
        )  # fmt: skip

    run_stage(
        stage,
        Destination(output=output, format=format, rejects=rejects, strict=strict, quiet=quiet),
        column=into,
        noun="items",
    )

"""``visrec preprocess``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import CommandValues, Condition, Needs, NeedsInput
from visrec_cli.options.shared import (
    Format,
    IdColumn,
    MatrixIds,
    Output,
    Quiet,
    Rejects,
    RowIds,
    SeveralPictures,
    Strict,
    Threads,
)
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


def _from_stdin(line: CommandValues) -> bool:
    return "-" in (line.values["sources"] or ([] if line.has("items") else ["-"]))


def _result(line: CommandValues) -> str:
    return "stored pictures" if line.has("store") else "a table"


def command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Folders, pictures, .zip or .tar archives, a table with a column of paths, or - for paths from stdin.",
            show_default=False,
        ),
        Reads(),
    ] = None,
    items: Annotated[
        str | None,
        typer.Option(
            "--items", metavar="TABLE", help="Table of items, joined by id. If it has paths, no SOURCE is needed."
        ),
        Reads(),
    ] = None,
    id_column: Annotated[IdColumn, NeedsInput("a table of items")] = None,
    several_pictures: SeveralPictures = False,
    ids: MatrixIds = None,
    row_ids: RowIds = False,
    image_column: Annotated[
        str | None,
        typer.Option(
            "--image-column", metavar="NAME", help="Column of paths (default: image_path, image, path, file, …)."
        ),
        NeedsInput("a table of items that names the pictures"),
    ] = None,
    id_from: Annotated[
        str,
        typer.Option(
            "--id-from",
            metavar="HOW",
            help="Id of a picture a/b.jpg: stem (a/b), path (a/b.jpg), name (b) or full (path as given).",
        ),
        NeedsInput("a folder, an archive or paths: a table has ids of its own"),
    ] = "stem",
    nul_separated: Annotated[
        bool,
        typer.Option("-0", "--null", help="Read NUL-separated paths from stdin (find -print0)."),
        Needs(Condition("paths on stdin", _from_stdin), fix="find ./imgs -print0 | visrec preprocess -0 -"),
    ] = False,
    follow_links: Annotated[
        bool,
        typer.Option("--follow-links", help="Follow symbolic links to folders outside the folder."),
        NeedsInput("a folder"),
    ] = False,
    max_megapixels: Annotated[
        float, typer.Option("--max-megapixels", min=0, help="Reject larger pictures before decoding them.")
    ] = 200,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="jpeg|png", help="Store the pictures in the table, so that later stages need no folder."
        ),
    ] = None,
    resize: Annotated[
        str | None,
        typer.Option("--resize", metavar="N|WxH", help="Resize stored pictures to this size."),
        Needs("--store", fix="add --store jpeg (or png)"),
    ] = None,
    mode: Annotated[
        str,
        typer.Option("--mode", metavar="HOW", help="How to resize: fit, crop, pad or stretch."),
        Needs("--resize", fix="add --resize 512"),
    ] = "fit",
    pad_colour: Annotated[
        str,
        typer.Option("--pad-colour", metavar="COLOUR", help="Colour of the padding for --mode pad."),
        Needs("--mode pad"),
    ] = "white",
    trim: Annotated[
        str,
        typer.Option(
            "--trim", metavar="WHAT", help="Trim before resizing: none, border (bars of one colour) or background."
        ),
        Needs("--store", fix="add --store jpeg (or png)"),
    ] = "none",
    jpeg_quality: Annotated[
        int,
        typer.Option("--jpeg-quality", min=1, max=100, help="JPEG quality for --store jpeg."),
        Needs("--store jpeg"),
    ] = 90,
    min_resolution: Annotated[
        str | None,
        typer.Option(
            "--min-resolution",
            metavar="SIZE",
            help="Minimum size: 1080p or 4k (the shorter side), 640x480 (either orientation) or 256 (both sides).",
        ),
    ] = None,
    min_sharpness: Annotated[
        float | None,
        typer.Option(
            "--min-sharpness",
            metavar="X",
            help="Minimum variance of the Laplacian; blurred photos are below about 100.",
        ),
    ] = None,
    min_brightness: Annotated[
        float | None, typer.Option("--min-brightness", metavar="X", help="Minimum mean brightness, 0 to 1.")
    ] = None,
    max_brightness: Annotated[
        float | None, typer.Option("--max-brightness", metavar="X", help="Maximum mean brightness, 0 to 1.")
    ] = None,
    min_contrast: Annotated[
        float | None, typer.Option("--min-contrast", metavar="X", help="Minimum contrast, 0 to 1.")
    ] = None,
    max_clutter: Annotated[
        float | None,
        typer.Option(
            "--max-clutter", metavar="X", help="Maximum share of edges in the outer frame: 0 (plain background) to 1."
        ),
    ] = None,
    max_aspect: Annotated[
        float | None,
        typer.Option("--max-aspect", metavar="X", help="Maximum ratio of the long to the short side."),
    ] = None,
    flag: Annotated[
        bool,
        typer.Option("--flag", help="Keep pictures that fail a limit, and list the reasons in quality_issues."),
        Needs(
            *("--min-resolution", "--min-sharpness", "--min-brightness", "--max-brightness", "--min-contrast"),
            *("--max-clutter", "--max-aspect"),
            fix="--min-resolution 256 --flag",
        ),
    ] = False,
    drop_duplicates: Annotated[
        str,
        typer.Option(
            "--drop-duplicates",
            metavar="KIND",
            help="Drop duplicates: none (only mark in duplicate_of), exact (equal pixels) or near (also rescaled or "
            "recompressed).",
        ),
    ] = "none",
    require_picture: Annotated[
        bool,
        typer.Option("--require-picture", help="Drop items without a usable picture."),
        NeedsInput("a table of items"),
    ] = False,
    keep_unlisted: Annotated[
        bool,
        typer.Option("--keep-unlisted", help="Keep pictures that --items does not list."),
        NeedsInput("a table of items, and pictures beside it"),
    ] = False,
    threads: Threads = None,
    output: Annotated[Output, Writes(_result, stdout=True)] = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Make one table of items from pictures: ids, paths, quality, duplicates, and your own columns.

    Pictures are rotated upright, transparent parts become white, and animations give their first frame. Unusable
    pictures are counted, and listed with --rejects; other files are counted.

    Examples:

        visrec preprocess ./imgs --items items.csv -o items.arrow

        visrec preprocess items.csv --min-resolution 256 --drop-duplicates near -o items.arrow

        visrec preprocess ./imgs --store jpeg --resize 512 --trim background -o items.arrow

        find ./imgs -name '*.jpg' -print0 | visrec preprocess -0 - --id-from name --items items.csv -o items.arrow
    """  # fmt: skip
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.preprocess import preprocess

        return preprocess(
            sources or ([] if items else ["-"]),
            items=items,
            id_column=id_column,
            several_pictures=several_pictures,
            ids=ids,
            row_ids=row_ids,
            image_column=image_column,
            id_from=id_from,
            nul_separated=nul_separated,
            follow_links=follow_links,
            max_megapixels=max_megapixels,
            trim=trim,
            resize=resize,
            mode=mode,
            pad_colour=pad_colour,
            store=store,
            jpeg_quality=jpeg_quality,
            min_resolution=min_resolution,
            min_sharpness=min_sharpness,
            min_brightness=min_brightness,
            max_brightness=max_brightness,
            min_contrast=min_contrast,
            max_clutter=max_clutter,
            max_aspect=max_aspect,
            flag=flag,
            drop_duplicates=drop_duplicates,
            require_picture=require_picture,
            keep_unlisted=keep_unlisted,
            threads=threads,
            report=report,
        )

    run_stage(
        stage, Destination(output=output, format=format, rejects=rejects, strict=strict, quiet=quiet), noun="items"
    )

"""``visrec show``."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import Condition, Excludes, Needs, NeedsInput
from visrec_cli.options.shared import AnyFormat, MatrixIds, Quiet, RowIds
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_output, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from rich.console import Console

    from visrec_cli.stages.show import Description

_CONVERTED, _PAGES = ("--output", "--format"), ("--html", "--map")
_OF_A_MAP, _OF_A_PAGE = Needs("--map"), Needs(*_PAGES)
_CSV = Condition(
    "CSV or TSV as --output or --format",
    lambda line: (line.values["format"] or str(line.values["output"] or "").lower()[-3:]) in ("csv", "tsv"),
)
_OF_A_LOOK = Excludes(*_PAGES, *_CONVERTED)


def command(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE|FOLDER]…", help="Tables to describe; - is stdin."), Reads()
    ] = None,
    rows: Annotated[int, typer.Option("--rows", "-n", min=0, help="Number of first rows to show."), _OF_A_LOOK] = 8,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…", help="Columns to show; in a gallery, on each card; on a map, in the details of an item."
        ),
    ] = None,
    head: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Convert only the first N rows."), Needs(*_CONVERTED)
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a gallery as one self-contained HTML page."),
        Writes("a page", stdout=True),
        Excludes("--map", "--json", *_CONVERTED),
    ] = None,
    map: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a zoomable picture map of one table as one self-contained HTML page."),
        Writes("a page", stdout=True),
        Excludes("--json", *_CONVERTED),
    ] = None,
    layout: Annotated[
        str, typer.Option(metavar="NAME", help="Map: layout by tsne, umap (an extra) or pca."), _OF_A_MAP
    ] = "tsne",
    colour: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Map: initial column of colours."),
        _OF_A_MAP,
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Map: random seed of the layout."), _OF_A_MAP, Needs("--layout umap")
    ] = 0,
    title: Annotated[str | None, typer.Option(help="Heading of the page."), _OF_A_PAGE] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of queries (default: 50) or items (500) in a gallery, or items on a map (10,000).",
        ),
        _OF_A_PAGE,
    ] = None,
    pictures: Annotated[
        bool | None,
        typer.Option("--pictures/--no-pictures", help="Show pictures in the terminal (default: if it can)."),
        _OF_A_LOOK,
        Excludes("--json"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the description as JSON."), Excludes(*_CONVERTED)
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Convert to FILE; its ending selects the format."),
        Writes("any table", stdout=True),
    ] = None,
    format: AnyFormat = None,
    column: Annotated[
        str | None,
        typer.Option(help="Embedding column of the map, or of an NPY matrix."),
        Excludes("--html"),
        NeedsInput("--map, or an NPY matrix that is read or written"),
    ] = None,
    ids: Annotated[MatrixIds, Excludes("--html")] = None,
    row_ids: Annotated[RowIds, Excludes("--html")] = False,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas", help="In CSV, put ' before text that begins with = + - or @, for spreadsheets."
        ),
        Needs(_CSV),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Describe tables: columns, vector spaces, counts, first rows. Convert them, or draw a gallery or a map.

    A map shows every item that has a vector, similar items near each other; drag, zoom, search, and colour by a
    column. It is designed for up to 10,000 items.

    Examples:

        visrec show catalogue.arrow

        visrec show recs.arrow --html gallery.html

        visrec show catalogue.arrow --map map.html --colour price

        visrec show catalogue.arrow --columns item_id,title,price --format csv

        visrec show catalogue.arrow -o vectors.npy
    """
    sources = files or ["-"]
    names = [name.strip() for name in columns.split(",")] if columns else []
    npy = {"ids": ids, "row_ids": row_ids, "column": column}
    converts = output is not None or format is not None
    if map is not None:
        if len(sources) > 1:
            raise UsageError("a map shows one table, and several were given", fix="join them first: visrec fuse A B")
        chosen = {"layout": layout, "column": column, "colour": colour, "seed": seed, "ids": ids, "row_ids": row_ids}
        _draw(_mapped, sources, map, quiet, title=title, columns=names, limit=limit, **chosen)
    elif html is not None:
        _draw(_gallery, sources, html, quiet, title=title, columns=names, limit=limit)
    elif converts:
        _convert(sources, names, head, output or "-", format, npy, quiet, escape_formulas)
    else:
        _describe(sources, names, rows, npy, as_json=as_json, pictures=pictures, quiet=quiet)


def _gallery(sources: list[str], **options: Any) -> str:
    from visrec_cli.stages.show.gallery import gallery

    return gallery(sources, **options)


def _mapped(sources: list[str], **options: Any) -> str:
    from visrec_cli.stages.show.picture_map import picture_map

    return picture_map(sources[0], **options)


def _draw(page_of: "Callable[..., str]", sources: list[str], file: str, quiet: bool, **options: Any) -> None:
    from pathlib import Path

    from visrec_cli.commands.runner import new_report, progress, summarise
    from visrec_cli.tables.atomic import atomic

    report = new_report()
    with progress(report, quiet):
        page = page_of(sources, report=report, **options).encode()
    if file == "-":
        standard_output().write(page)
    else:
        with atomic(Path(file)) as raw:
            raw.write(page)
    if not quiet:
        noun, rows = next(iter(report.counts.items()))
        del report.counts[noun]
        summarise(report, rows, noun, file)


def _convert(
    sources: list[str],
    names: list[str],
    head: int | None,
    output: str,
    format: str | None,
    npy: Any,
    quiet: bool,
    escape_formulas: bool,
) -> None:
    from visrec_cli.commands.runner import run_stage
    from visrec_cli.tables.output import format_of

    if len(sources) > 1:
        raise UsageError("only one table can be converted at a time", fix="give one file")
    column = npy["column"]
    if format_of(output, format) == "npy":
        npy = npy | {"column": None}  # --column applies to the output

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.show import show

        shown = show(sources[0], columns=names, head=head, report=report, **npy)
        if not escape_formulas:
            return shown
        from visrec_cli.tables.formulas import without_formulas

        return without_formulas(shown)

    run_stage(
        stage,
        Destination(output=output, format=format, quiet=quiet),
        column=column,
    )


def _describe(
    sources: list[str], names: list[str], rows: int, npy: Any, *, as_json: bool, pictures: bool | None, quiet: bool
) -> None:
    from visrec_cli.commands.runner import tell
    from visrec_cli.stages.show import describe

    for source in sources:
        report = Report()
        found = describe(source, rows=rows, columns=names, report=report, **npy)
        if as_json:
            write_json(found.as_json())
        else:
            _print(source, found, pictures)
        if not quiet:
            tell(report)


def _print(source: str, found: "Description", pictures: bool | None) -> None:
    from rich.console import Console

    from visrec_cli.reports.description import print_columns
    from visrec_cli.reports.preview import preview

    console = Console(width=None if sys.stdout.isatty() else 160)
    heading = f"{found.name}: {counted(found.rows, 'rows')}, {counted(len(found.columns), 'columns')}"
    print_columns(heading, [(c.name, c.type, c.nulls, c.made_of()) for c in found.columns], console)
    if found.first.num_rows:
        console.print()
        preview(found.first, total=found.rows, console=console)
    _print_pictures(source, found, pictures, console)


def _print_pictures(source: str, found: "Description", pictures: bool | None, console: "Console") -> None:
    """Thumbnails of the first rows, where the terminal can show them and the table has any."""
    from visrec_cli.reports.terminal_pictures import can_show_pictures, show_pictures

    if pictures is False or (pictures is None and not can_show_pictures(console)):
        return
    if not console.is_terminal:
        print("visrec: note: --pictures needs a terminal; --html FILE draws a page", file=sys.stderr)
        return
    from visrec_cli.items.first_pictures import first_pictures

    if found_pictures := first_pictures(found.first, source):
        console.print()
        show_pictures(found_pictures, console)

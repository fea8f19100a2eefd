"""``visrec show``."""

import sys
from typing import TYPE_CHECKING, Any

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.errors import UsageError
from visrec_cli.options.destination import Destination
from visrec_cli.options.show import Conversion, DescriptionOptions, MapOptions, PageOptions, Pages, ShowArguments
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_output, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from rich.console import Console

    from visrec_cli.stages.show import Description


def run(given: Given) -> None:
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
    sources, look, pages, to = (
        given["files"] or ["-"],
        given.of(DescriptionOptions),
        given.of(Pages),
        given.of(Conversion),
    )
    npy = {name: given[name] for name in ("ids", "row_ids", "column")}
    if pages.map is not None:
        if len(sources) > 1:
            raise UsageError("a map shows one table, and several were given", fix="join them first: visrec fuse A B")
        options = given.of(MapOptions, columns=look.columns)
        _draw(lambda report: _map_of(sources[0], options, report), pages.map, to.quiet)
    elif pages.html is not None:
        page = given.of(PageOptions)
        _draw(lambda report: _gallery_of(sources, page, look.columns, report), pages.html, to.quiet)
    elif to.output is not None or to.format is not None:
        _convert(sources, look.columns, to, npy)
    else:
        _describe(sources, look, npy, quiet=to.quiet)


command = command_of(run, ShowArguments, DescriptionOptions, Pages, MapOptions, Conversion)


def _gallery_of(sources: list[str], page: PageOptions, columns: "Sequence[str]", report: Report) -> str:
    from visrec_cli.stages.show.gallery import gallery

    return gallery(sources, title=page.title, limit=page.limit, columns=columns, report=report)


def _map_of(source: str, options: MapOptions, report: Report) -> str:
    from visrec_cli.stages.show.picture_map import picture_map

    return picture_map(source, options, report=report)


def _draw(page_of: "Callable[[Report], str]", file: str, quiet: bool) -> None:
    from pathlib import Path

    from visrec_cli.commands.runner import new_report, progress, summarise
    from visrec_cli.tables.atomic import atomic

    report = new_report()
    with progress(report, quiet):
        page = page_of(report).encode()
    if file == "-":
        standard_output().write(page)
    else:
        with atomic(Path(file)) as raw:
            raw.write(page)
    if not quiet:
        noun, rows = next(iter(report.counts.items()))
        del report.counts[noun]
        summarise(report, rows, noun, file)


def _convert(sources: list[str], names: "Sequence[str]", to: Conversion, npy: dict[str, Any]) -> None:
    from visrec_cli.commands.runner import run_stage
    from visrec_cli.tables.output import format_of

    if len(sources) > 1:
        raise UsageError("only one table can be converted at a time", fix="give one file")
    column, output = npy["column"], to.output or "-"
    if format_of(output, to.format) == "npy":
        npy = npy | {"column": None}  # --column applies to the output

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.show import show

        shown = show(sources[0], columns=names, head=to.head, report=report, **npy)
        if not to.escape_formulas:
            return shown
        from visrec_cli.tables.formulas import without_formulas

        return without_formulas(shown)

    run_stage(stage, Destination(output=output, format=to.format, quiet=to.quiet), column=column)


def _describe(sources: list[str], look: DescriptionOptions, npy: dict[str, Any], *, quiet: bool) -> None:
    from visrec_cli.commands.runner import tell
    from visrec_cli.stages.show import describe

    for source in sources:
        report = Report()
        found = describe(source, rows=look.rows, columns=look.columns, report=report, **npy)
        if look.as_json:
            write_json(found.as_json())
        else:
            _print(source, found, look.pictures)
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

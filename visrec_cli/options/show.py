"""Options of ``show``: of its pages, of conversions, and of descriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import Condition, Excludes, Needs, NeedsInput
from visrec_cli.options.shared import AnyFormat, MatrixIds, Quiet, RowIds

_CONVERTED, _PAGES = ("--output", "--format"), ("--html", "--map")
_OF_A_MAP, _OF_A_PAGE = Needs("--map"), Needs(*_PAGES)
_CSV = Condition(
    "CSV or TSV as --output or --format",
    lambda line: (line.values["format"] or str(line.values["output"] or "").lower()[-3:]) in ("csv", "tsv"),
)
_OF_A_LOOK = Excludes(*_PAGES, *_CONVERTED)


def _columns(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",")] if text else []


@dataclass(frozen=True)
class ShowArguments:
    """The tables."""

    files: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE|FOLDER]…", help="Tables to describe; - is stdin."), Reads()
    ] = None


@dataclass(frozen=True, kw_only=True)
class DescriptionOptions:
    """What a description shows, and the columns that anything shows."""

    rows: Annotated[int, typer.Option("--rows", "-n", min=0, help="Number of first rows to show."), _OF_A_LOOK] = 8
    columns: Annotated[
        Sequence[str],
        typer.Option(
            metavar="NAME,…", help="Columns to show; in a gallery, on each card; on a map, in the details of an item."
        ),
        CommandLineType(str | None, None, _columns),
    ] = ()
    pictures: Annotated[
        bool | None,
        typer.Option("--pictures/--no-pictures", help="Show pictures in the terminal (default: if it can)."),
        _OF_A_LOOK,
        Excludes("--json"),
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Print the description as JSON."), Excludes(*_CONVERTED)] = (
        False
    )


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """What stands on a page.

    Attributes
    ----------
    title : str | None, default=None
        Heading. None: the name of the table.
    limit : int | None, default=None
        Maximum number of queries or items.
    """

    title: Annotated[str | None, typer.Option(help="Heading of the page."), _OF_A_PAGE] = None
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of queries (default: 50) or items (500) in a gallery, or items on a map (10,000).",
        ),
        _OF_A_PAGE,
    ] = None


@dataclass(frozen=True, kw_only=True)
class MapOptions(PageOptions):
    """What a map shows, and how it is laid out.

    Attributes
    ----------
    columns : Sequence[str], default=()
        Columns in the details of an item. None given: all but vectors, pictures and their paths.
    layout : str, default="tsne"
        ``tsne``, ``umap`` or ``pca``; see fusion.layout.
    colour : str | None, default=None
        The column by which points are coloured at first.
    seed : int, default=0
        Random seed of the layout.
    column : str | None, default=None
        The embedding to lay out, if there are several.
    ids : str | None, default=None
        File with the ids of an NPY matrix, one per line.
    row_ids : bool, default=False
        Whether the rows of an NPY matrix are called 0, 1, 2 …
    """

    columns: Sequence[str] = ()
    layout: Annotated[
        str, typer.Option(metavar="NAME", help="Map: layout by tsne, umap (an extra) or pca."), _OF_A_MAP
    ] = "tsne"
    colour: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Map: initial column of colours."),
        _OF_A_MAP,
    ] = None
    seed: Annotated[
        int, typer.Option(min=0, help="Map: random seed of the layout."), _OF_A_MAP, Needs("--layout umap")
    ] = 0
    column: Annotated[
        str | None,
        typer.Option(help="Embedding column of the map, or of an NPY matrix."),
        Excludes("--html"),
        NeedsInput("--map, or an NPY matrix that is read or written"),
    ] = None
    ids: Annotated[MatrixIds, Excludes("--html")] = None
    row_ids: Annotated[RowIds, Excludes("--html")] = False


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Which page is written, and where."""

    html: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a gallery as one self-contained HTML page."),
        Writes("a page", stdout=True),
        Excludes("--map", "--json", *_CONVERTED),
    ] = None
    map: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a zoomable picture map of one table as one self-contained HTML page."),
        Writes("a page", stdout=True),
        Excludes("--json", *_CONVERTED),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Where a table is converted to, and what of it."""

    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Convert to FILE; its ending selects the format."),
        Writes("any table", stdout=True),
    ] = None
    format: AnyFormat = None
    head: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Convert only the first N rows."), Needs(*_CONVERTED)
    ] = None
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas", help="In CSV, put ' before text that begins with = + - or @, for spreadsheets."
        ),
        Needs(_CSV),
    ] = False
    quiet: Quiet = False

"""Options of ``preprocess``."""

from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.classes import part_of
from visrec_cli.options.files import Reads
from visrec_cli.options.pictures import LimitOptions, TreatmentOptions
from visrec_cli.options.requirements import CommandValues, Condition, Needs, NeedsInput
from visrec_cli.options.shared import IdColumn, MatrixIds, RowIds, SeveralPictures, Threads
from visrec_cli.options.types import Tabular

DROPS = ("none", "exact", "near")


def _from_stdin(line: CommandValues) -> bool:
    return "-" in (line.values["sources"] or ([] if line.has("items") else ["-"]))


@dataclass(frozen=True, kw_only=True)
class ItemsOptions:
    """Which items there are, and how their pictures are found.

    Attributes
    ----------
    items : Tabular | None, default=None
        The table of items, which pictures are joined to by id. If it has paths, no source is needed.
    id_column : str | None, default=None
        Column with the ids of the items. None: found by its usual names.
    several_pictures : bool, default=False
        Whether rows with the same id are the pictures of one item.
    ids : str | None, default=None
        File with the ids of an NPY file, one per line.
    row_ids : bool, default=False
        Whether the row numbers are the ids of an NPY file or of a table without ids.
    image_column : str | None, default=None
        Column of pictures or their paths. None: found by its usual names.
    id_from : str, default="stem"
        What of a path is the id: ``stem``, ``path``, ``name`` or ``full``.
    nul_separated : bool, default=False
        Whether paths on stdin are separated by NUL instead of line breaks.
    follow_links : bool, default=False
        Whether links in a folder are followed to folders elsewhere.
    """

    items: Annotated[
        Tabular | None,
        typer.Option(
            "--items", metavar="TABLE", help="Table of items, joined by id. If it has paths, no SOURCE is needed."
        ),
        Reads(),
    ] = None
    id_column: Annotated[IdColumn, NeedsInput("a table of items")] = None
    several_pictures: SeveralPictures = False
    ids: MatrixIds = None
    row_ids: RowIds = False
    image_column: Annotated[
        str | None,
        typer.Option(
            "--image-column", metavar="NAME", help="Column of paths (default: image_path, image, path, file, …)."
        ),
        NeedsInput("a table of items that names the pictures"),
    ] = None
    id_from: Annotated[
        str,
        typer.Option(
            "--id-from",
            metavar="HOW",
            help="Id of a picture a/b.jpg: stem (a/b), path (a/b.jpg), name (b) or full (path as given).",
        ),
        NeedsInput("a folder, an archive or paths: a table has ids of its own"),
    ] = "stem"
    nul_separated: Annotated[
        bool,
        typer.Option("-0", "--null", help="Read NUL-separated paths from stdin (find -print0)."),
        Needs(Condition("paths on stdin", _from_stdin), fix="find ./imgs -print0 | visrec preprocess -0 -"),
    ] = False
    follow_links: Annotated[
        bool,
        typer.Option("--follow-links", help="Follow symbolic links to folders outside the folder."),
        NeedsInput("a folder"),
    ] = False


@dataclass(frozen=True, kw_only=True)
class PreprocessOptions(LimitOptions, TreatmentOptions, ItemsOptions):
    """How the table of items is made.

    Attributes
    ----------
    flag : bool, default=False
        Whether pictures below a limit are kept, with the reasons in ``quality_issues``.
    drop_duplicates : str, default="none"
        Duplicates to leave out: ``none``, ``exact`` or ``near``.
    require_picture : bool, default=False
        Whether items without a usable picture are rejected.
    keep_unlisted : bool, default=False
        Whether pictures that no item names are kept.
    threads : int | None, default=None
        Number of threads that decode. None: one per usable core.

    Raises
    ------
    UsageError
        ``flag`` without a limit, or an unknown kind of duplicates.
    """

    flag: Annotated[
        bool,
        typer.Option("--flag", help="Keep pictures that fail a limit, and list the reasons in quality_issues."),
        Needs(
            *("--min-resolution", "--min-sharpness", "--min-brightness", "--max-brightness", "--min-contrast"),
            *("--max-clutter", "--max-aspect"),
            fix="--min-resolution 256 --flag",
        ),
    ] = False
    drop_duplicates: Annotated[
        str,
        typer.Option(
            "--drop-duplicates",
            metavar="KIND",
            help="Drop duplicates: none (only mark in duplicate_of), exact (equal pixels) or near (also rescaled or "
            "recompressed).",
        ),
    ] = "none"
    require_picture: Annotated[
        bool,
        typer.Option("--require-picture", help="Drop items without a usable picture."),
        NeedsInput("a table of items"),
    ] = False
    keep_unlisted: Annotated[
        bool,
        typer.Option("--keep-unlisted", help="Keep pictures that --items does not list."),
        NeedsInput("a table of items, and pictures beside it"),
    ] = False
    threads: Threads = None

    def __post_init__(self) -> None:
        if self.flag and part_of(LimitOptions, self) == LimitOptions():
            raise UsageError(
                "--flag marks pictures below a limit, and no limit is given", fix="--min-resolution 256 --flag"
            )
        if self.drop_duplicates not in DROPS:
            raise UsageError(
                f"unknown --drop-duplicates {self.drop_duplicates!r}", fix="use one of: " + ", ".join(DROPS)
            )

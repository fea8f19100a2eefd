"""Options of ``interactions``."""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from visrec_cli.options.files import Reads
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.options.requirements import Needs
from visrec_cli.options.shared import IdColumn
from visrec_cli.options.types import Tabular


@dataclass(frozen=True, kw_only=True)
class InteractionsOptions:
    """How a log is read, cleaned and reported.

    Attributes
    ----------
    items : Tabular | None, default=None
        The table of items; the report then says how much of the log it covers.
    hash_users : str | None, default=None
        A file with a key, or ``env:NAME``: user ids are replaced by keyed hashes.
    columns : Columns
        What the columns of the log are called, where that is not usual.
    cleaning : Cleaning
        Steps of cleaning.
    id_column : str | None, default=None
        The column of ``items`` that names them. None: found by its usual names.
    """

    items: Annotated[
        Tabular | None,
        typer.Option(
            "--items", metavar="TABLE", help="Table of items, to report coverage by pictures and ids that do not match."
        ),
        Reads(),
    ] = None
    hash_users: Annotated[
        str | None,
        typer.Option(
            "--hash-users",
            metavar="KEYFILE",
            help="Replace user ids by keyed hashes; the key is in a file or env:NAME.",
        ),
        Reads(),
    ] = None
    columns: Columns = field(default_factory=Columns)
    cleaning: Cleaning = field(default_factory=Cleaning)
    id_column: Annotated[IdColumn, Needs("--items")] = None

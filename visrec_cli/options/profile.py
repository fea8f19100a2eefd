"""Options of ``profile``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.options.requirements import Needs, NeedsInput
from visrec_cli.options.types import Tabular

_LOG = NeedsInput("a log: a model has cleaned its log already")


@dataclass(frozen=True)
class ProfileCleaning(Cleaning):
    """Cleaning without --half-life and --k-core, which would hide what a user liked."""

    half_life: float | None = None
    k_core: int = 0


@dataclass(frozen=True, kw_only=True)
class ProfileOptions:
    """Whose tastes are profiled, by which items, and how a log is read.

    Attributes
    ----------
    users : Sequence[str]
        Ids of the users.
    items : Tabular | None, default=None
        Table of the items: titles, categories, and vectors for the prototypes.
    category : str | None, default=None
        Column of categories; lists, and texts such as ``A|B``, name several. None: found by its usual names.
    column : str | None, default=None
        Embedding column; None: the only one.
    columns : Columns, default=Columns()
        Names of the columns of a log. A model has none.
    cleaning : Cleaning, default=ProfileCleaning()
        How a log is cleaned. A model has cleaned its log already.
    seed : int, default=0
        Random seed of the clusters and permutation tests.

    Raises
    ------
    UsageError
        No user, or an empty id.
    """

    users: Annotated[
        Sequence[str], typer.Option("--user", metavar="ID", help="User to profile. Repeat for more users.")
    ]
    items: Annotated[
        Tabular | None,
        typer.Option("--items", metavar="TABLE", help="Table of items: titles, pictures, categories, vectors."),
        Reads(),
    ] = None
    category: Annotated[
        str | None,
        typer.Option("--category", metavar="NAME", help="Column of categories (default: category, genres, …)."),
    ] = None
    column: Annotated[
        str | None, typer.Option("--column", metavar="NAME", help="Embedding column for the prototypes.")
    ] = None
    cleaning: Annotated[ProfileCleaning, _LOG] = field(default_factory=ProfileCleaning)
    columns: Annotated[Columns, _LOG] = field(default_factory=Columns)
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the clusters and permutation tests.")] = 0

    def __post_init__(self) -> None:
        if isinstance(self.users, str):
            raise UsageError("users are a list", fix='users=["42"]')
        if not self.users or any(not user for user in self.users):
            raise UsageError("no user was given", fix="--user ID; is the variable set?")


@dataclass(frozen=True, kw_only=True)
class ProfileFile:
    """The page of a profile.

    Attributes
    ----------
    html : str | None, default=None
        Its file.
    title : str | None, default=None
        Its heading.
    """

    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write the profile as one self-contained HTML page."),
        Writes("a page"),
    ] = None
    title: Annotated[str | None, typer.Option(help="Heading of the page."), Needs("--html")] = None

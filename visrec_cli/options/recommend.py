"""Options that questions about items and about users share, and what keeps the two apart."""

from collections.abc import Sequence
from typing import Annotated

import typer

from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.parsers import listed
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput

NAMED_USERS = ("--user", "--users", "--all-users")
ABOUT_USERS = (*NAMED_USERS, "--session", "--sessions", "--follow")
FOR_USERS = Needs(*ABOUT_USERS, fix="add --user ID or --all-users")
NOT_FOR_USERS = Excludes(*ABOUT_USERS)
NO_GROUPS = Excludes("--group-by")
VECTORS = NeedsInput("vectors, which a model of item-to-item links lacks")

K = Annotated[int, typer.Option("-k", min=1, help="Number of items per query or user.")]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="SQL",
        help="Return only items that match the condition, as \"price < 50 and category = 'shoes'\".",
    ),
]
Diversity = Annotated[
    float,
    typer.Option(
        "--diversity", min=0.0, max=1.0, help="Weight of diversity among the answers: 0 (similarity only) to 1."
    ),
    NO_GROUPS,
    VECTORS,
]
KeepDuplicates = Annotated[
    bool,
    typer.Option(
        "--keep-duplicates", help="Keep near-duplicates of the query, of the user's items and of other answers."
    ),
    NO_GROUPS,
    NeedsInput("vectors, or for users items with a column 'duplicate_of'"),
]
ItemColumns = Annotated[
    Sequence[str] | None,
    typer.Option("--columns", metavar="A,B", help="Item columns to copy to the result (default: all)."),
    CommandLineType(str | None, None, listed),
]

"""The options of ``recommend`` for recommendations to users."""

from typing import Annotated

import typer

from visrec_cli.commands.file_options import Reads
from visrec_cli.commands.option_requirements import CommandValues, Condition, Excludes, Needs
from visrec_cli.commands.recommend_options import FOR_USERS, NAMED_USERS


def _several(line: CommandValues) -> bool:
    return len(line.values["tables"] or ()) > 1


SEVERAL = Needs(Condition("several models", _several), fix="visrec recommend als.arrow knn.arrow --user ID")

User = Annotated[
    list[str] | None,
    typer.Option("--user", metavar="ID", help="Recommend to this user. Repeat for more users."),
    Excludes("--follow"),
]
Users = Annotated[
    str | None,
    typer.Option(
        "--users", metavar="FILE", help="Recommend to the users of FILE: one id per line, or a table of users."
    ),
    Reads(),
    Excludes("--follow"),
]
AllUsers = Annotated[
    bool,
    typer.Option("--all-users", help="Recommend to every user of the model."),
    Excludes("--user", "--users", "--follow"),
]
Session = Annotated[
    list[str] | None,
    typer.Option(
        "--session", metavar="ID,ID", help="Recommend to an anonymous visitor who saw these items, the latest last."
    ),
    Excludes("--sessions", *NAMED_USERS, "--follow"),
]
Sessions = Annotated[
    str | None,
    typer.Option(
        "--sessions", metavar="FILE", help="Recommend to each session of FILE: one line of item ids each, or a log."
    ),
    Reads(),
    Excludes(*NAMED_USERS, "--follow"),
]
Follow = Annotated[
    bool,
    typer.Option("--follow", help="Read events as NDJSON from stdin and answer each with one line (co-process)."),
]
IncludeSeen = Annotated[
    bool,
    typer.Option("--include-seen", help="Users: also recommend items that they already have."),
    FOR_USERS,
]
Repeat = Annotated[
    bool,
    typer.Option(
        "--repeat",
        help="Users: recommend only items they already have, for repeat purchases, by model and past repeats.",
    ),
    FOR_USERS,
    Excludes("--include-seen"),
]
Allow = Annotated[
    str | None,
    typer.Option("--allow", metavar="FILE", help="Users: recommend only these items (ids, or a table)."),
    Reads(),
    FOR_USERS,
]
Deny = Annotated[
    str | None,
    typer.Option("--deny", metavar="FILE", help="Users: never recommend these items (ids, or a table)."),
    Reads(),
    FOR_USERS,
]
NewerItems = Annotated[
    str | None,
    typer.Option("--items", metavar="TABLE", help="Users: table with newer item columns (prices, stock)."),
    Reads(),
    FOR_USERS,
]
NewItems = Annotated[
    str | None,
    typer.Option(
        "--new-items", metavar="TABLE", help="Users: table of items added after training, scored by their vectors."
    ),
    Reads(),
    FOR_USERS,
]
History = Annotated[
    str | None,
    typer.Option(
        "--history",
        metavar="LOG",
        help="Users: log of interactions since training, also of new users, to fold in.",
    ),
    Reads(),
    FOR_USERS,
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Users: add the history items that contributed most to each answer, and how."),
    FOR_USERS,
]
ShowHistory = Annotated[
    int,
    typer.Option(
        "--show-history", metavar="N", min=0, help="Users: add the latest N items of each user, for show --html."
    ),
    FOR_USERS,
    Excludes("--follow"),
]
NoFallback = Annotated[
    bool,
    typer.Option("--no-fallback", help="Users: reject unknown users instead of recommending popular items."),
    FOR_USERS,
    Excludes("--repeat"),
]
Blend = Annotated[
    str | None,
    typer.Option("--blend", metavar="NAME=N,…", help="Users: weight of each of several models (default: equal)."),
    FOR_USERS,
    SEVERAL,
]
BlendBy = Annotated[
    str,
    typer.Option("--blend-by", metavar="score|rank", help="Users: blend models by standardised scores or by ranks."),
    FOR_USERS,
    SEVERAL,
]

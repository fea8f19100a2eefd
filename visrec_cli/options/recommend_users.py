"""What can be asked for users: about whom, what may be shown, and what is newer than the models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import not_
from typing import Annotated

import typer

from visrec_cli.errors import UsageError
from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.parsers import listed, weights
from visrec_cli.options.recommend import FOR_USERS, NAMED_USERS, Diversity, ItemColumns, K, KeepDuplicates, Where
from visrec_cli.options.requirements import CommandValues, Condition, Excludes, Needs
from visrec_cli.options.types import Tabular

SEEN = ("out", "in", "only")
"""What a user has already: left out, competes too, or is all that is shown."""


def _several(line: CommandValues) -> bool:
    return len(line.values["tables"] or ()) > 1


SEVERAL = Needs(Condition("several models", _several), fix="visrec recommend als.arrow knn.arrow --user ID")


def _blend(text: str | None) -> dict[str, float] | None:
    return None if text is None else weights(text, flag="--blend", example="als=0.7,item-knn=0.3")


@dataclass(frozen=True, kw_only=True)
class UserQuery:
    """Users and sessions to recommend to, and what is added to each answer.

    Attributes
    ----------
    users : Sequence[str], default=()
        Ids of users.
    listed : Tabular | None, default=None
        A file or table of more users.
    all_users : bool, default=False
        Whether every user of the models gets recommendations.
    sessions : Sequence[Sequence[str]], default=()
        Items of anonymous visitors, each session in the order in which they were seen; not together with users.
    listed_sessions : Tabular | None, default=None
        A file of more sessions; see stages.recommend.users.sessions.
    columns : Sequence[str] | None, default=None
        Item columns to copy to the result. None: all.
    explain : bool, default=False
        Whether to add because_item_id (the history item that contributed most), because_score (its share of all
        positive contributions) and why (shares of behaviour, picture, text and popularity in the score, and recognised
        labels in common).
    show_history : int, default=0
        Number of the user's latest items to add to the first row of each user, in the column ``history``.
    fallback : bool, default=True
        Whether unknown users get popular items, which the column ``source`` says, instead of being rejected.
    """

    users: Annotated[
        Sequence[str],
        typer.Option("--user", metavar="ID", help="Recommend to this user. Repeat for more users."),
        Excludes("--follow"),
    ] = ()
    listed: Annotated[
        Tabular | None,
        typer.Option(
            "--users", metavar="FILE", help="Recommend to the users of FILE: one id per line, or a table of users."
        ),
        Reads(),
        Excludes("--follow"),
    ] = None
    all_users: Annotated[
        bool,
        typer.Option("--all-users", help="Recommend to every user of the model."),
        Excludes("--user", "--users", "--follow"),
    ] = False
    sessions: Annotated[
        Sequence[Sequence[str]],
        typer.Option(
            "--session", metavar="ID,ID", help="Recommend to an anonymous visitor who saw these items, the latest last."
        ),
        Excludes("--sessions", *NAMED_USERS, "--follow"),
        CommandLineType(list[str] | None, None, lambda value: [listed(one) or [] for one in value or ()]),
    ] = ()
    listed_sessions: Annotated[
        Tabular | None,
        typer.Option(
            "--sessions", metavar="FILE", help="Recommend to each session of FILE: one line of item ids each, or a log."
        ),
        Reads(),
        Excludes(*NAMED_USERS, "--follow"),
    ] = None
    columns: ItemColumns = None
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Users: add the history items that contributed most to each answer, and how."),
        FOR_USERS,
    ] = False
    show_history: Annotated[
        int,
        typer.Option(
            "--show-history", metavar="N", min=0, help="Users: add the latest N items of each user, for show --html."
        ),
        FOR_USERS,
        Excludes("--follow"),
    ] = 0
    fallback: Annotated[
        bool,
        typer.Option("--no-fallback", help="Users: reject unknown users instead of recommending popular items."),
        FOR_USERS,
        Excludes("--repeat"),
        CommandLineType(bool, False, not_),
    ] = True


@dataclass(frozen=True)
class Rules:
    """Which items may be recommended, and how they are chosen.

    keep_duplicates: known near-duplicates (the items' column ``duplicate_of``) of what a user has, and of other
    answers, are shown too.
    """

    k: K = 10
    seen: str = "out"
    where: Where = None
    allow: Annotated[
        Tabular | Sequence[str] | None,
        typer.Option("--allow", metavar="FILE", help="Users: recommend only these items (ids, or a table)."),
        Reads(),
        FOR_USERS,
    ] = None
    deny: Annotated[
        Tabular | Sequence[str] | None,
        typer.Option("--deny", metavar="FILE", help="Users: never recommend these items (ids, or a table)."),
        Reads(),
        FOR_USERS,
    ] = None
    diversity: Diversity = 0.0
    blend: Annotated[
        Mapping[str, float] | None,
        typer.Option("--blend", metavar="NAME=N,…", help="Users: weight of each of several models (default: equal)."),
        FOR_USERS,
        SEVERAL,
        CommandLineType(str | None, None, _blend),
    ] = None
    blend_by: Annotated[
        str,
        typer.Option(
            "--blend-by", metavar="score|rank", help="Users: blend models by standardised scores or by ranks."
        ),
        FOR_USERS,
        SEVERAL,
    ] = "score"
    keep_duplicates: KeepDuplicates = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"-k {self.k}: ask for at least one item", fix="-k 10")
        if not 0 <= self.diversity <= 1:
            raise UsageError(f"--diversity {self.diversity} is not between 0 and 1", fix="--diversity 0.3")
        if self.seen not in SEEN:
            raise UsageError(f"seen items can be {', '.join(SEEN)}, not '{self.seen}'", fix='seen="out"')


@dataclass(frozen=True)
class Newer:
    """What is newer than the models.

    Attributes
    ----------
    items : Tabular | None, default=None
        Newer columns of the models' items.
    new_items : Tabular | None, default=None
        Items added after training, with vectors.
    history : Tabular | None, default=None
        Interactions since training.
    """

    items: Annotated[
        Tabular | None,
        typer.Option("--items", metavar="TABLE", help="Users: table with newer item columns (prices, stock)."),
        Reads(),
        FOR_USERS,
    ] = None
    new_items: Annotated[
        Tabular | None,
        typer.Option(
            "--new-items", metavar="TABLE", help="Users: table of items added after training, scored by their vectors."
        ),
        Reads(),
        FOR_USERS,
    ] = None
    history: Annotated[
        Tabular | None,
        typer.Option(
            "--history", metavar="LOG", help="Users: log of interactions since training, also of new users, to fold in."
        ),
        Reads(),
        FOR_USERS,
    ] = None


@dataclass(frozen=True, kw_only=True)
class UserMode:
    """How a command line says what ``Rules.seen`` is, and whether events are answered."""

    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Users: also recommend items that they already have."), FOR_USERS
    ] = False
    repeat: Annotated[
        bool,
        typer.Option(
            "--repeat",
            help="Users: recommend only items they already have, for repeat purchases, by model and past repeats.",
        ),
        FOR_USERS,
        Excludes("--include-seen"),
    ] = False
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Read events as NDJSON from stdin and answer each with one line (co-process)."),
    ] = False

    @property
    def seen(self) -> str:
        """Of SEEN."""
        return "only" if self.repeat else "in" if self.include_seen else "out"

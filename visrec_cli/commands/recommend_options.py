"""The options of ``recommend``: for queries about items, for recommendations to users, and for both."""

from typing import Annotated

import typer

from visrec_cli.commands.file_options import Reads
from visrec_cli.commands.option_requirements import CommandValues, Condition, Excludes, Needs, NeedsInput

_NAMED_USERS = ("--user", "--users", "--all-users")
ABOUT_USERS = (*_NAMED_USERS, "--session", "--sessions", "--follow")
FOR_USERS = Needs(*ABOUT_USERS, fix="add --user ID or --all-users")
NOT_FOR_USERS = Excludes(*ABOUT_USERS)
NO_GROUPS = Excludes("--group-by")


def _several(line: CommandValues) -> bool:
    return len(line.values["tables"] or ()) > 1


SEVERAL = Needs(Condition("several models", _several), fix="visrec recommend als.arrow knn.arrow --user ID")
_VECTORS = NeedsInput("vectors, which a model of item-to-item links lacks")

# of both
Tables = Annotated[
    list[str] | None,
    typer.Argument(metavar="TABLE|MODEL", help="A table with vectors, a model (several are blended), or - for stdin."),
    Reads(),
]
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
    _VECTORS,
]
ItemColumns = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Item columns to copy to the result (default: all).")
]
KeepDuplicates = Annotated[
    bool,
    typer.Option(
        "--keep-duplicates", help="Keep near-duplicates of the query, of the user's items and of other answers."
    ),
    NO_GROUPS,
    NeedsInput("vectors, or for users items with a column 'duplicate_of'"),
]

# about items
Item = Annotated[
    list[str] | None,
    typer.Option("--item", metavar="ID", help="Find items similar to this one. Repeat for more queries."),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Image = Annotated[
    list[str] | None,
    typer.Option(
        "--image",
        metavar="FILE",
        help="Find items similar to this picture, or to each of a folder or archive; - is stdin.",
    ),
    Reads(),
    NeedsInput("vectors that were made of pictures"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Text = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="WORDS", help="Find items that match this text, if the vector space covers text."),
    NeedsInput("vectors that were made of texts, or by a model that knows both"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Texts = Annotated[
    str | None,
    typer.Option(
        "--texts", metavar="FILE", help="Find items for each text of FILE: one per line, or a table; - is stdin."
    ),
    Reads(),
    NeedsInput("vectors that were made of texts, or by a model that knows both"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Like = Annotated[
    list[str] | None,
    typer.Option(
        "--like", metavar="ID", help="Find items similar to this one; all --like and --unlike form one query."
    ),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Unlike = Annotated[
    list[str] | None,
    typer.Option("--unlike", metavar="ID", help="Find items less similar to this one; used with --like."),
    Needs("--like"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
AllItems = Annotated[
    bool,
    typer.Option("--all", help="Find similar items for every item, or similar groups for every group."),
    NOT_FOR_USERS,
    Excludes("--item", "--image", "--text", "--texts", "--like", "--unlike", "--group"),
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        "--group-by", metavar="COLUMN", help="Find similar groups of items instead: brands, categories, any column."
    ),
    NOT_FOR_USERS,
]
Group = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        metavar="NAME",
        help="Find groups similar to this one, with --group-by. Repeat for more queries.",
    ),
    Needs("--group-by"),
]
MinItems = Annotated[
    int,
    typer.Option("--min-items", metavar="N", min=1, help="Skip groups with fewer than N embedded items."),
    Needs("--group-by"),
]
Mix = Annotated[
    bool,
    typer.Option("--mix", help="Combine all queries into one by reciprocal rank fusion."),
    NOT_FOR_USERS,
    NO_GROUPS,
    Excludes("--all"),
    _VECTORS,
]
SameAbove = Annotated[
    float,
    typer.Option("--same-above", metavar="COSINE", help="Treat items with this cosine or more as near-duplicates."),
    NOT_FOR_USERS,
    NO_GROUPS,
    Excludes("--keep-duplicates"),
    NeedsInput("vectors that say what an item looks like"),
]
Column = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="Embedding column to search, if there are several."),
    NOT_FOR_USERS,
    _VECTORS,
]
Index = Annotated[
    str,
    typer.Option("--index", help="Index: exact; annoy or faiss (extras) for very large catalogues; or a plug-in."),
    NOT_FOR_USERS,
    NO_GROUPS,
    _VECTORS,
]
Trees = Annotated[
    int | None,
    typer.Option("--trees", min=1, help="annoy: number of trees (default: 50)."),
    Needs("--index annoy"),
]
SearchK = Annotated[
    int | None,
    typer.Option("--search-k", min=1, help="annoy: nodes to inspect per query (default: raised until recall is 0.95)."),
    Needs("--index annoy"),
]
Nlist = Annotated[
    int | None,
    typer.Option("--nlist", min=1, help="faiss: number of cells (default: 4 √items)."),
    Needs("--index faiss"),
]
Nprobe = Annotated[
    int | None,
    typer.Option("--nprobe", min=1, help="faiss: cells to visit per query (default: raised until recall is 0.95)."),
    Needs("--index faiss"),
]

# about users
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
    Excludes("--sessions", *_NAMED_USERS, "--follow"),
]
Sessions = Annotated[
    str | None,
    typer.Option(
        "--sessions", metavar="FILE", help="Recommend to each session of FILE: one line of item ids each, or a log."
    ),
    Reads(),
    Excludes(*_NAMED_USERS, "--follow"),
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

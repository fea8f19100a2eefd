"""The options of ``recommend``: those of questions about items, those of questions about users, and those of both."""

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
_VECTORS = NeedsInput("vectors, which a model of links between items has not")

# of both
Tables = Annotated[
    list[str] | None,
    typer.Argument(metavar="TABLE|MODEL", help="A table with vectors, a model (several are blended), or - for stdin."),
    Reads(),
]
K = Annotated[int, typer.Option("-k", min=1, help="How many items per query or user.")]
Where = Annotated[
    str | None,
    typer.Option("--where", metavar="SQL", help="Only items that pass, as \"price < 50 and category = 'shoes'\"."),
]
Diversity = Annotated[
    float,
    typer.Option("--diversity", min=0.0, max=1.0, help="0: only similarity; up to 1: answers unlike each other."),
    NO_GROUPS,
    _VECTORS,
]
ItemColumns = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Item columns to pass on (default: all).")
]
KeepDuplicates = Annotated[
    bool,
    typer.Option("--keep-duplicates", help="Show near-duplicates of the query, or of what a user has, and of answers."),
    NO_GROUPS,
    NeedsInput("vectors, or for users items with a column 'duplicate_of'"),
]

# about items
Item = Annotated[
    list[str] | None,
    typer.Option("--item", metavar="ID", help="Items like this one. Repeat for more queries."),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Image = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="FILE", help="Items like this picture; a folder or archive of them; - is stdin."),
    Reads(),
    NeedsInput("vectors that were made of pictures"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Text = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="WORDS", help="Items that fit these words, where the space has a text side."),
    NeedsInput("vectors that were made of texts, or by a model that knows both"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Texts = Annotated[
    str | None,
    typer.Option("--texts", metavar="FILE", help="The same for many: one per line, or a table of texts; - is stdin."),
    Reads(),
    NeedsInput("vectors that were made of texts, or by a model that knows both"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Like = Annotated[
    list[str] | None,
    typer.Option("--like", metavar="ID", help="One query of all likes and unlikes together."),
    NOT_FOR_USERS,
    NO_GROUPS,
]
Unlike = Annotated[
    list[str] | None,
    typer.Option("--unlike", metavar="ID", help="Away from this item; goes with --like."),
    Needs("--like"),
    NOT_FOR_USERS,
    NO_GROUPS,
]
AllItems = Annotated[
    bool,
    typer.Option("--all", help="Similar items for every item, or groups for every group."),
    NOT_FOR_USERS,
    Excludes("--item", "--image", "--text", "--texts", "--like", "--unlike", "--group"),
]
GroupBy = Annotated[
    str | None,
    typer.Option("--group-by", metavar="COLUMN", help="Which groups are alike: brands, categories, any column."),
    NOT_FOR_USERS,
]
Group = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="NAME", help="Groups like this one, with --group-by. Repeat for more queries."),
    Needs("--group-by"),
]
MinItems = Annotated[
    int,
    typer.Option("--min-items", metavar="N", min=1, help="Groups: of fewer items with a vector they are left out."),
    Needs("--group-by"),
]
Mix = Annotated[
    bool,
    typer.Option("--mix", help="Make one query of all that is asked, by reciprocal rank fusion."),
    NOT_FOR_USERS,
    NO_GROUPS,
    Excludes("--all"),
    _VECTORS,
]
SameAbove = Annotated[
    float,
    typer.Option("--same-above", metavar="COSINE", help="From which cosine on items are near-duplicates."),
    NOT_FOR_USERS,
    NO_GROUPS,
    Excludes("--keep-duplicates"),
    NeedsInput("vectors that say what an item looks like"),
]
Column = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="The embedding column to search, if there are several."),
    NOT_FOR_USERS,
    _VECTORS,
]
Index = Annotated[
    str,
    typer.Option("--index", help="exact; annoy or faiss (extras) for very large catalogues; or a plug-in."),
    NOT_FOR_USERS,
    NO_GROUPS,
    _VECTORS,
]
Trees = Annotated[
    int | None,
    typer.Option("--trees", min=1, help="annoy: number of trees (50)."),
    Needs("--index annoy"),
]
SearchK = Annotated[
    int | None,
    typer.Option("--search-k", min=1, help="annoy: nodes looked at per query (raised until recall is .95)."),
    Needs("--index annoy"),
]
Nlist = Annotated[
    int | None,
    typer.Option("--nlist", min=1, help="faiss: number of cells (4 √items)."),
    Needs("--index faiss"),
]
Nprobe = Annotated[
    int | None,
    typer.Option("--nprobe", min=1, help="faiss: cells visited per query (raised until recall is .95)."),
    Needs("--index faiss"),
]

# about users
User = Annotated[
    list[str] | None,
    typer.Option("--user", metavar="ID", help="What suits this user. Repeat for more users."),
    Excludes("--follow"),
]
Users = Annotated[
    str | None,
    typer.Option("--users", metavar="FILE", help="What suits these: one id per line, or a table of users."),
    Reads(),
    Excludes("--follow"),
]
AllUsers = Annotated[
    bool,
    typer.Option("--all-users", help="What suits everyone whom the model knows."),
    Excludes("--user", "--users", "--follow"),
]
Session = Annotated[
    list[str] | None,
    typer.Option(
        "--session", metavar="ID,ID", help="What suits somebody without a name who saw these, the latest last."
    ),
    Excludes("--sessions", *_NAMED_USERS, "--follow"),
]
Sessions = Annotated[
    str | None,
    typer.Option("--sessions", metavar="FILE", help="The same for many: the items of a session a line, or a log."),
    Reads(),
    Excludes(*_NAMED_USERS, "--follow"),
]
Follow = Annotated[
    bool,
    typer.Option("--follow", help="Read events as NDJSON on stdin and answer each with a line: a co-process."),
]
IncludeSeen = Annotated[
    bool,
    typer.Option("--include-seen", help="Users: what they already have competes too."),
    FOR_USERS,
]
Repeat = Annotated[
    bool,
    typer.Option("--repeat", help="Users: only what they already have, by the model and by habit: to buy again."),
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
    typer.Option("--items", metavar="TABLE", help="Users: newer columns of the items (prices, stock)."),
    Reads(),
    FOR_USERS,
]
NewItems = Annotated[
    str | None,
    typer.Option(
        "--new-items", metavar="TABLE", help="Users: items that came after training, scored by their vectors."
    ),
    Reads(),
    FOR_USERS,
]
History = Annotated[
    str | None,
    typer.Option("--history", metavar="LOG", help="Users: clicks since training, of new users too, folded in."),
    Reads(),
    FOR_USERS,
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Users: add which of their items spoke for each answer, and through what."),
    FOR_USERS,
]
ShowHistory = Annotated[
    int,
    typer.Option("--show-history", metavar="N", min=0, help="Users: add their latest N items, for show --html."),
    FOR_USERS,
    Excludes("--follow"),
]
NoFallback = Annotated[
    bool,
    typer.Option("--no-fallback", help="Users: reject a user nobody knows, instead of showing what is popular."),
    FOR_USERS,
    Excludes("--repeat"),
]
Blend = Annotated[
    str | None,
    typer.Option("--blend", metavar="NAME=N,…", help="Users: how much each of several models counts (default: alike)."),
    FOR_USERS,
    SEVERAL,
]
BlendBy = Annotated[
    str,
    typer.Option("--blend-by", metavar="score|rank", help="Users: blend standardised scores, or ranks."),
    FOR_USERS,
    SEVERAL,
]

"""The options of ``recommend``: those of questions about items, those of questions about users, and those of both."""

from typing import Annotated

import typer

# of both
Tables = Annotated[
    list[str] | None,
    typer.Argument(metavar="TABLE|MODEL", help="A table with vectors, a model (several are blended), or - for stdin."),
]
K = Annotated[int, typer.Option("-k", min=1, help="How many items per query or user.")]
Where = Annotated[
    str | None,
    typer.Option("--where", metavar="SQL", help="Only items that pass, as \"price < 50 and category = 'shoes'\"."),
]
Diversity = Annotated[
    float,
    typer.Option("--diversity", min=0.0, max=1.0, help="0: only similarity; up to 1: answers unlike each other."),
]
ItemColumns = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Item columns to pass on (default: all).")
]
KeepDuplicates = Annotated[
    bool,
    typer.Option("--keep-duplicates", help="Show near-duplicates of the query, or of what a user has, and of answers."),
]

# about items
Item = Annotated[
    list[str] | None, typer.Option("--item", metavar="ID", help="Items like this one. Repeat for more queries.")
]
Image = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="FILE", help="Items like this picture; a folder or archive of them; - is stdin."),
]
Text = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="WORDS", help="Items that fit these words, where the space has a text side."),
]
Like = Annotated[
    list[str] | None, typer.Option("--like", metavar="ID", help="One query of all likes and unlikes together.")
]
Unlike = Annotated[
    list[str] | None, typer.Option("--unlike", metavar="ID", help="Away from this item; goes with --like.")
]
AllItems = Annotated[bool, typer.Option("--all", help="Similar items for every item, or groups for every group.")]
GroupBy = Annotated[
    str | None,
    typer.Option("--group-by", metavar="COLUMN", help="Which groups are alike: brands, categories, any column."),
]
Group = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="NAME", help="Groups like this one, with --group-by. Repeat for more queries."),
]
MinItems = Annotated[
    int, typer.Option("--min-items", metavar="N", min=1, help="Groups: of fewer items with a vector they are left out.")
]
Mix = Annotated[bool, typer.Option("--mix", help="Make one query of all that is asked, by reciprocal rank fusion.")]
SameAbove = Annotated[
    float, typer.Option("--same-above", metavar="COSINE", help="From which cosine on items are near-duplicates.")
]
Column = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="The embedding column to search, if there are several."),
]
Index = Annotated[str, typer.Option("--index", help="exact; annoy or faiss (extras) for very large catalogues.")]
Trees = Annotated[int | None, typer.Option("--trees", min=1, help="annoy: number of trees (50).")]
SearchK = Annotated[
    int | None,
    typer.Option("--search-k", min=1, help="annoy: nodes looked at per query (raised until recall is .95)."),
]
Nlist = Annotated[int | None, typer.Option("--nlist", min=1, help="faiss: number of cells (4 √items).")]
Nprobe = Annotated[
    int | None, typer.Option("--nprobe", min=1, help="faiss: cells visited per query (raised until recall is .95).")
]
Ids = Annotated[str | None, typer.Option("--ids", metavar="FILE", help="Ids of an NPY matrix, one per line.")]
RowIds = Annotated[bool, typer.Option("--row-ids", help="Call the rows of an NPY matrix 0, 1, 2 …")]

# about users
User = Annotated[
    list[str] | None, typer.Option("--user", metavar="ID", help="What suits this user. Repeat for more users.")
]
Users = Annotated[
    str | None, typer.Option("--users", metavar="FILE", help="What suits these: one id per line, or a table of users.")
]
AllUsers = Annotated[bool, typer.Option("--all-users", help="What suits everyone whom the model knows.")]
Session = Annotated[
    list[str] | None,
    typer.Option(
        "--session", metavar="ID,ID", help="What suits somebody without a name who saw these, the latest last."
    ),
]
Sessions = Annotated[
    str | None,
    typer.Option("--sessions", metavar="FILE", help="The same for many: the items of a session a line, or a log."),
]
Follow = Annotated[
    bool,
    typer.Option("--follow", help="Read events as NDJSON on stdin and answer each with a line: a co-process."),
]
IncludeSeen = Annotated[bool, typer.Option("--include-seen", help="Users: what they already have competes too.")]
Repeat = Annotated[
    bool, typer.Option("--repeat", help="Users: only what they already have, by the model and by habit: to buy again.")
]
Allow = Annotated[
    str | None, typer.Option("--allow", metavar="FILE", help="Users: recommend only these items (ids, or a table).")
]
Deny = Annotated[
    str | None, typer.Option("--deny", metavar="FILE", help="Users: never recommend these items (ids, or a table).")
]
NewerItems = Annotated[
    str | None, typer.Option("--items", metavar="TABLE", help="Users: newer columns of the items (prices, stock).")
]
NewItems = Annotated[
    str | None,
    typer.Option(
        "--new-items", metavar="TABLE", help="Users: items that came after training, scored by their vectors."
    ),
]
History = Annotated[
    str | None,
    typer.Option("--history", metavar="LOG", help="Users: clicks since training, of new users too, folded in."),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Users: add which of their items spoke for each answer, and through what.")
]
ShowHistory = Annotated[
    int,
    typer.Option("--show-history", metavar="N", min=0, help="Users: add their latest N items, for show --html."),
]
NoFallback = Annotated[
    bool, typer.Option("--no-fallback", help="Users: reject a user nobody knows, instead of showing what is popular.")
]
Blend = Annotated[
    str | None,
    typer.Option("--blend", metavar="NAME=N,…", help="Users: how much each of several models counts (default: alike)."),
]
BlendBy = Annotated[
    str, typer.Option("--blend-by", metavar="score|rank", help="Users: blend standardised scores, or ranks.")
]

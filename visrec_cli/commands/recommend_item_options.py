"""The options of ``recommend`` for queries about items, and about groups of them."""

from typing import Annotated

import typer

from visrec_cli.commands.file_options import Reads
from visrec_cli.commands.option_requirements import Excludes, Needs, NeedsInput
from visrec_cli.commands.recommend_options import NO_GROUPS, NOT_FOR_USERS, VECTORS

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
    VECTORS,
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
    VECTORS,
]
Index = Annotated[
    str,
    typer.Option("--index", help="Index: exact; annoy or faiss (extras) for very large catalogues; or a plug-in."),
    NOT_FOR_USERS,
    NO_GROUPS,
    VECTORS,
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

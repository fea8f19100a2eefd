"""What can be asked about items, and about groups of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.recommend import (
    NO_GROUPS,
    NOT_FOR_USERS,
    VECTORS,
    Diversity,
    ItemColumns,
    K,
    KeepDuplicates,
    Where,
)
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput
from visrec_cli.options.shared import IdColumn, MatrixIds, RowIds
from visrec_cli.options.types import Cache, Tabular

SAME_ABOVE = 0.98
"""Cosine from which two items count as near-duplicates. Measured on product photos: with lite0 the same photo saved
again, or at three quarters of its size, has .989 and more, while the most similar photos of two products have .969
(.978 with colour+hog)."""
MIN_ITEMS = 3
"""Items with a vector that a group needs: of one or two the mean is little more than those pictures."""

_AllItems = Annotated[
    bool,
    typer.Option("--all", help="Find similar items for every item, or similar groups for every group."),
    NOT_FOR_USERS,
    Excludes("--item", "--image", "--text", "--texts", "--like", "--unlike", "--group"),
]
_Column = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="Embedding column to search, if there are several."),
    NOT_FOR_USERS,
    VECTORS,
]
_ItemsId = Annotated[IdColumn, NOT_FOR_USERS, NeedsInput("a table of items: a model has its own ids")]
_Ids = Annotated[MatrixIds, NOT_FOR_USERS]
_RowIds = Annotated[RowIds, NOT_FOR_USERS]


@dataclass(frozen=True, kw_only=True)
class ItemQuery:
    """Queries for similar items, and how they are answered.

    Each of items, images and texts is a separate query; like and unlike form one query; ``mix`` combines all of them.

    Attributes
    ----------
    items, images, texts : Sequence
        Ids; paths, folders, archives or pictures; words.
    listed_texts : Tabular | None, default=None
        A file or table of more texts.
    like, unlike : Sequence[str]
        Ids: the query is the mean of the liked vectors minus half the mean of the others.
    all_items : bool, default=False
        Whether each item is a query.
    mix : bool, default=False
        Whether all queries are combined by reciprocal rank fusion.
    k : int, default=10
        Number of answers per query.
    where : str | None, default=None
        SQL condition on the columns of the items.
    column : str | None, default=None
        The embedding column, if there are several.
    columns : Sequence[str] | None, default=None
        Item columns to copy to the result. None: all.
    diversity : float, default=0.0
        Weight of diversity among the answers, 0 to 1.
    keep_duplicates : bool, default=False
        Whether near-duplicates of the query and of better answers are kept.
    same_above : float, default=SAME_ABOVE
        Cosine from which two items are near-duplicates.
    index : str, default="exact"
        ``exact``, ``annoy`` (trees, search_k), ``faiss`` (nlist, nprobe), or a plug-in.
    cache : Cache, default=True
        Of the vectors of pictures and texts in queries, as for embed_images.
    id_column, ids, row_ids
        See tables.readers.open_table.
    """

    items: Annotated[
        Sequence[str],
        typer.Option("--item", metavar="ID", help="Find items similar to this one. Repeat for more queries."),
        NOT_FOR_USERS,
        NO_GROUPS,
    ] = ()
    images: Annotated[
        Sequence[Any],
        typer.Option(
            "--image",
            metavar="FILE",
            help="Find items similar to this picture, or to each of a folder or archive; - is stdin.",
        ),
        Reads(),
        NeedsInput("vectors that were made of pictures"),
        NOT_FOR_USERS,
        NO_GROUPS,
        CommandLineType(list[str] | None, None, lambda value: value or ()),
    ] = ()
    texts: Annotated[
        Sequence[str],
        typer.Option(
            "--text", metavar="WORDS", help="Find items that match this text, if the vector space covers text."
        ),
        NeedsInput("vectors that were made of texts, or by a model that knows both"),
        NOT_FOR_USERS,
        NO_GROUPS,
    ] = ()
    listed_texts: Annotated[
        Tabular | None,
        typer.Option(
            "--texts", metavar="FILE", help="Find items for each text of FILE: one per line, or a table; - is stdin."
        ),
        Reads(),
        NeedsInput("vectors that were made of texts, or by a model that knows both"),
        NOT_FOR_USERS,
        NO_GROUPS,
    ] = None
    like: Annotated[
        Sequence[str],
        typer.Option(
            "--like", metavar="ID", help="Find items similar to this one; all --like and --unlike form one query."
        ),
        NOT_FOR_USERS,
        NO_GROUPS,
    ] = ()
    unlike: Annotated[
        Sequence[str],
        typer.Option("--unlike", metavar="ID", help="Find items less similar to this one; used with --like."),
        Needs("--like"),
        NOT_FOR_USERS,
        NO_GROUPS,
    ] = ()
    all_items: _AllItems = False
    mix: Annotated[
        bool,
        typer.Option("--mix", help="Combine all queries into one by reciprocal rank fusion."),
        NOT_FOR_USERS,
        NO_GROUPS,
        Excludes("--all"),
        VECTORS,
    ] = False
    k: K = 10
    where: Where = None
    column: _Column = None
    columns: ItemColumns = None
    diversity: Diversity = 0.0
    keep_duplicates: KeepDuplicates = False
    same_above: Annotated[
        float,
        typer.Option("--same-above", metavar="COSINE", help="Treat items with this cosine or more as near-duplicates."),
        NOT_FOR_USERS,
        NO_GROUPS,
        Excludes("--keep-duplicates"),
        NeedsInput("vectors that say what an item looks like"),
    ] = SAME_ABOVE
    index: Annotated[
        str,
        typer.Option("--index", help="Index: exact; annoy or faiss (extras) for very large catalogues; or a plug-in."),
        NOT_FOR_USERS,
        NO_GROUPS,
        VECTORS,
    ] = "exact"
    trees: Annotated[
        int | None, typer.Option("--trees", min=1, help="annoy: number of trees (default: 50)."), Needs("--index annoy")
    ] = None
    search_k: Annotated[
        int | None,
        typer.Option(
            "--search-k", min=1, help="annoy: nodes to inspect per query (default: raised until recall is 0.95)."
        ),
        Needs("--index annoy"),
    ] = None
    nlist: Annotated[
        int | None,
        typer.Option("--nlist", min=1, help="faiss: number of cells (default: 4 √items)."),
        Needs("--index faiss"),
    ] = None
    nprobe: Annotated[
        int | None,
        typer.Option("--nprobe", min=1, help="faiss: cells to visit per query (default: raised until recall is 0.95)."),
        Needs("--index faiss"),
    ] = None
    cache: Cache = True
    id_column: _ItemsId = None
    ids: _Ids = None
    row_ids: _RowIds = False


@dataclass(frozen=True, kw_only=True)
class GroupQuery:
    """Queries for similar groups of items, and how they are answered.

    Attributes
    ----------
    group_by : str | None, default=None
        The column of groups.
    groups : Sequence[str], default=()
        Names of the groups that are queries.
    all_groups : bool, default=False
        Whether each group is a query.
    min_items : int, default=MIN_ITEMS
        Groups with fewer items that have a vector are left out.
    k, where, column, columns, id_column, ids, row_ids
        As in ItemQuery; ``columns`` are those of ``item_id``.
    """

    group_by: Annotated[
        str | None,
        typer.Option(
            "--group-by", metavar="COLUMN", help="Find similar groups of items instead: brands, categories, any column."
        ),
        NOT_FOR_USERS,
    ] = None
    groups: Annotated[
        Sequence[str],
        typer.Option(
            "--group", metavar="NAME", help="Find groups similar to this one, with --group-by. Repeat for more queries."
        ),
        Needs("--group-by"),
    ] = ()
    all_groups: _AllItems = False
    min_items: Annotated[
        int,
        typer.Option("--min-items", metavar="N", min=1, help="Skip groups with fewer than N embedded items."),
        Needs("--group-by"),
    ] = MIN_ITEMS
    k: K = 10
    where: Where = None
    column: _Column = None
    columns: ItemColumns = None
    id_column: _ItemsId = None
    ids: _Ids = None
    row_ids: _RowIds = False

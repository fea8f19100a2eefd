"""``visrec recommend``."""

from typing import TYPE_CHECKING, Annotated, Any

from visrec_cli.commands import recommend_item_options, recommend_options, recommend_user_options
from visrec_cli.commands.cache_options import CacheFolder, NoCache, cache_of
from visrec_cli.commands.option_requirements import Excludes, Needs, NeedsInput
from visrec_cli.commands.options import Format, IdColumn, MatrixIds, Output, Quiet, Rejects, RowIds, Strict
from visrec_cli.commands.parsers import listed, weights
from visrec_cli.errors import UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_NOT_FOLLOWING = Excludes("--follow")


def command(
    tables: recommend_options.Tables = None,
    item: recommend_item_options.Item = None,
    image: recommend_item_options.Image = None,
    text: recommend_item_options.Text = None,
    texts: recommend_item_options.Texts = None,
    like: recommend_item_options.Like = None,
    unlike: recommend_item_options.Unlike = None,
    all_items: recommend_item_options.AllItems = False,
    group_by: recommend_item_options.GroupBy = None,
    group: recommend_item_options.Group = None,
    min_items: recommend_item_options.MinItems = 3,
    user: recommend_user_options.User = None,
    users: recommend_user_options.Users = None,
    all_users: recommend_user_options.AllUsers = False,
    session: recommend_user_options.Session = None,
    sessions: recommend_user_options.Sessions = None,
    follow: recommend_user_options.Follow = False,
    k: recommend_options.K = 10,
    where: recommend_options.Where = None,
    diversity: recommend_options.Diversity = 0.0,
    columns: recommend_options.ItemColumns = None,
    include_seen: recommend_user_options.IncludeSeen = False,
    repeat: recommend_user_options.Repeat = False,
    allow: recommend_user_options.Allow = None,
    deny: recommend_user_options.Deny = None,
    items: recommend_user_options.NewerItems = None,
    new_items: recommend_user_options.NewItems = None,
    history: recommend_user_options.History = None,
    explain: recommend_user_options.Explain = False,
    show_history: recommend_user_options.ShowHistory = 0,
    no_fallback: recommend_user_options.NoFallback = False,
    blend: recommend_user_options.Blend = None,
    blend_by: recommend_user_options.BlendBy = "score",
    mix: recommend_item_options.Mix = False,
    keep_duplicates: recommend_options.KeepDuplicates = False,
    same_above: recommend_item_options.SameAbove = 0.98,
    column: recommend_item_options.Column = None,
    index: recommend_item_options.Index = "exact",
    trees: recommend_item_options.Trees = None,
    search_k: recommend_item_options.SearchK = None,
    nlist: recommend_item_options.Nlist = None,
    nprobe: recommend_item_options.Nprobe = None,
    cache: Annotated[CacheFolder, Needs("--image", "--text", "--texts", "--index annoy|faiss")] = None,
    no_cache: Annotated[NoCache, Needs("--image", "--text", "--texts")] = False,
    id_column: Annotated[
        IdColumn, recommend_options.NOT_FOR_USERS, NeedsInput("a table of items: a model has its own ids")
    ] = None,
    ids: Annotated[MatrixIds, recommend_options.NOT_FOR_USERS] = None,
    row_ids: Annotated[RowIds, recommend_options.NOT_FOR_USERS] = False,
    output: Annotated[Output, _NOT_FOLLOWING] = "-",
    format: Annotated[Format, _NOT_FOLLOWING] = None,
    rejects: Annotated[Rejects, _NOT_FOLLOWING, recommend_options.NO_GROUPS] = None,
    strict: Annotated[Strict, _NOT_FOLLOWING, recommend_options.NO_GROUPS] = False,
    quiet: Quiet = False,
) -> None:
    """Find the items most similar to an item, a picture, a text or a set of likes, or recommend items to users.

    Each --item, --image and --text is a separate query, and so is each line of --texts. All --like and --unlike form
    one query (the mean of the liked vectors minus half the mean of the others); --mix combines all queries into one.
    Scores are cosines (with --mix, scores of rank fusion). A query is never its own answer, and of near-duplicates one
    is shown.

    With --group-by, groups of items (such as brands) are compared by the mean of their vectors. The column group names
    the similar groups; item_id names the nearest item of each.

    A model of train-cf recommends to users. Items that a user already has are excluded, except with --include-seen or
    --repeat. Unknown users get items that were popular recently, marked in the column source. Several models are
    blended.

    With --follow, {"user_id": "42"} requests recommendations; {"user_id": "42", "item_id": "7"} adds a click and
    requests them, unless it contains "answer": false; {"items": ["7", "8"]} requests them for an anonymous visitor;
    "k" and "weight" are optional.

    Examples:

        visrec recommend table.arrow --item 1164 -k 5

        visrec recommend table.arrow --image query.jpg --where "price < 50"

        visrec recommend catalogue.arrow --texts questions.txt -k 5

        visrec recommend table.arrow --like 1164 --like 1525 --unlike 1546

        visrec embed-images ./imgs | visrec recommend --all -o similar.parquet

        visrec recommend table.arrow --group-by title --group "red disc" -k 3

        visrec recommend als.arrow --user 42 --user 7 -k 5 --explain

        visrec recommend als.arrow --all-users --where "price < 50" -o offers.parquet

        visrec recommend als.arrow knn.arrow --blend als=0.7,item-knn=0.3 --users team.txt

        visrec recommend als.arrow --session 1164,1525 -k 5

        visrec recommend als.arrow --user 42 --explain --show-history 8 | visrec show --html offers.html

        echo '{"user_id": "42", "item_id": "1164"}' | visrec recommend als.arrow --follow
    """
    from visrec_cli.commands.coprocess import run_coprocess
    from visrec_cli.commands.runner import run_stage

    kept = cache_of(cache, no_cache)

    def about_items(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend.items import recommend

        return recommend(
            _one(tables),
            items=item or (),
            images=image or (),
            texts=text or (),
            listed_texts=texts,
            like=like or (),
            unlike=unlike or (),
            all_items=all_items,
            mix=mix,
            k=k,
            where=where,
            column=column,
            columns=listed(columns),
            diversity=diversity,
            keep_duplicates=keep_duplicates,
            same_above=same_above,
            index=index,
            trees=trees,
            search_k=search_k,
            nlist=nlist,
            nprobe=nprobe,
            cache=kept,
            id_column=id_column,
            ids=ids,
            row_ids=row_ids,
            report=report,
        )

    def about_groups(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend.items.alike_groups import recommend_groups

        return recommend_groups(
            _one(tables),
            group_by=group_by or "",
            groups=group or (),
            all_groups=all_items,
            min_items=min_items,
            k=k,
            where=where,
            column=column,
            columns=listed(columns),
            id_column=id_column,
            ids=ids,
            row_ids=row_ids,
            report=report,
        )

    def choosing() -> dict[str, Any]:
        from visrec_cli.stages.recommend.users import Rules
        from visrec_cli.stages.recommend.users.serving_context import Newer

        rules = Rules(
            k=k,
            seen="only" if repeat else "in" if include_seen else "out",
            where=where,
            allow=allow,
            deny=deny,
            diversity=diversity,
            blend=weights(blend or "", flag="--blend", example="als=0.7,item-knn=0.3"),
            blend_by=blend_by,
            keep_duplicates=keep_duplicates,
        )
        newer = Newer(items, new_items, history)
        return {"explain": explain, "fallback": not no_fallback, "rules": rules, "newer": newer}

    def for_users(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend.users import recommend_users

        return recommend_users(
            *(tables or ["-"]),
            users=user or (),
            listed=users,
            all_users=all_users,
            sessions=[listed(one) or [] for one in session or ()],
            listed_sessions=sessions,
            columns=listed(columns),
            show_history=show_history,
            report=report,
            **choosing(),
        )

    def answers(report: Report) -> "Iterator[dict[str, Any]]":
        from visrec_cli.stages.recommend.users.follow import follow, lines_of

        events = lines_of(standard_input())
        return follow(*(tables or []), events=events, columns=listed(columns) or (), report=report, **choosing())

    if follow:
        run_coprocess(answers, quiet=quiet)
        return
    about_users = user or users is not None or all_users or session or sessions is not None
    stage = for_users if about_users else about_groups if group_by is not None else about_items
    run_stage(stage, output=output, format=format, rejects=rejects, strict=strict, quiet=quiet, noun="recommendations")


def _one(tables: list[str] | None) -> str:
    """The table to search for items."""
    if tables and len(tables) > 1:
        raise UsageError("items are searched in one table, and several were given", fix="run recommend once per table")
    return tables[0] if tables else "-"

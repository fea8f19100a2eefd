"""``visrec recommend``."""

from typing import TYPE_CHECKING, Annotated, Any

from visrec_cli.commands import recommend_options as asking
from visrec_cli.commands.cache_options import CacheFolder, NoCache, cache_of
from visrec_cli.commands.option_requirements import Excludes, Needs, NeedsInput
from visrec_cli.commands.options import Format, IdColumn, MatrixIds, Output, Quiet, Rejects, RowIds, Strict
from visrec_cli.commands.parsing import listed, weights
from visrec_cli.errors import UsageProblem
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_NOT_FOLLOWING = Excludes("--follow")


def command(
    tables: asking.Tables = None,
    item: asking.Item = None,
    image: asking.Image = None,
    text: asking.Text = None,
    texts: asking.Texts = None,
    like: asking.Like = None,
    unlike: asking.Unlike = None,
    all_items: asking.AllItems = False,
    group_by: asking.GroupBy = None,
    group: asking.Group = None,
    min_items: asking.MinItems = 3,
    user: asking.User = None,
    users: asking.Users = None,
    all_users: asking.AllUsers = False,
    session: asking.Session = None,
    sessions: asking.Sessions = None,
    follow: asking.Follow = False,
    k: asking.K = 10,
    where: asking.Where = None,
    diversity: asking.Diversity = 0.0,
    columns: asking.ItemColumns = None,
    include_seen: asking.IncludeSeen = False,
    repeat: asking.Repeat = False,
    allow: asking.Allow = None,
    deny: asking.Deny = None,
    items: asking.NewerItems = None,
    new_items: asking.NewItems = None,
    history: asking.History = None,
    explain: asking.Explain = False,
    show_history: asking.ShowHistory = 0,
    no_fallback: asking.NoFallback = False,
    blend: asking.Blend = None,
    blend_by: asking.BlendBy = "score",
    mix: asking.Mix = False,
    keep_duplicates: asking.KeepDuplicates = False,
    same_above: asking.SameAbove = 0.98,
    column: asking.Column = None,
    index: asking.Index = "exact",
    trees: asking.Trees = None,
    search_k: asking.SearchK = None,
    nlist: asking.Nlist = None,
    nprobe: asking.Nprobe = None,
    cache: Annotated[CacheFolder, Needs("--image", "--text", "--texts", "--index annoy|faiss")] = None,
    no_cache: Annotated[NoCache, Needs("--image", "--text", "--texts")] = False,
    id_column: Annotated[
        IdColumn, asking.NOT_FOR_USERS, NeedsInput("a table of items: a model has its own ids")
    ] = None,
    ids: Annotated[MatrixIds, asking.NOT_FOR_USERS] = None,
    row_ids: Annotated[RowIds, asking.NOT_FOR_USERS] = False,
    output: Annotated[Output, _NOT_FOLLOWING] = "-",
    format: Annotated[Format, _NOT_FOLLOWING] = None,
    rejects: Annotated[Rejects, _NOT_FOLLOWING, asking.NO_GROUPS] = None,
    strict: Annotated[Strict, _NOT_FOLLOWING, asking.NO_GROUPS] = False,
    quiet: Quiet = False,
) -> None:
    """Find the items most similar to an item, a picture, a sentence or a taste, or those that suit a user.

    Each --item, --image and --text is a query of its own, and so is each line of --texts; --like and --unlike together
    are one (the mean of what is liked minus half the mean of what is not); --mix makes one query of everything. Scores
    are cosines (with --mix, rank fusion's). What is asked about is never an answer, and near-duplicates are shown once.

    With --group-by, groups of items (brands, say) are compared by the mean of their vectors: the column group names
    those that are alike, and item_id one of their items, the nearest.

    A model of train-cf is asked about users. What they have is left out, unless --include-seen or --repeat. A user
    nobody knows is shown what was popular lately, and the column source says so. Several models are blended.

    With --follow, {"user_id": "42"} asks; {"user_id": "42", "item_id": "7"} is a click, and asks, unless it says
    "answer": false; {"items": ["7", "8"]} asks for somebody without a name; "k" and "weight" are optional.

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
    """The table that is asked about items."""
    if tables and len(tables) > 1:
        raise UsageProblem("one table is asked about items, and several were named", fix="ask each by itself")
    return tables[0] if tables else "-"

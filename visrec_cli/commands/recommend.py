"""``visrec recommend``."""

from typing import TYPE_CHECKING

import typer

from visrec_cli.commands import asking
from visrec_cli.commands.options import Format, IdColumn, Output, Quiet, Rejects, Strict
from visrec_cli.commands.words import listed, weights
from visrec_cli.errors import UsageProblem
from visrec_cli.runtime.reporting import Report

if TYPE_CHECKING:
    import pyarrow as pa

ABOUT_ITEMS = (
    *("item", "image", "text", "like", "unlike", "all_items", "mix", "keep_duplicates", "same_above", "column"),
    *("index", "trees", "search_k", "nlist", "nprobe", "id_column", "ids", "row_ids"),
)
ABOUT_USERS = (
    *("user", "users", "all_users", "include_seen", "repeat", "allow", "deny", "items", "new_items", "history"),
    *("explain", "show_history", "no_fallback", "blend", "blend_by", "follow"),
)
ASKS_USERS = ("user", "users", "all_users")


def command(
    context: typer.Context,
    tables: asking.Tables = None,
    item: asking.Item = None,
    image: asking.Image = None,
    text: asking.Text = None,
    like: asking.Like = None,
    unlike: asking.Unlike = None,
    all_items: asking.AllItems = False,
    user: asking.User = None,
    users: asking.Users = None,
    all_users: asking.AllUsers = False,
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
    id_column: IdColumn = None,
    ids: asking.Ids = None,
    row_ids: asking.RowIds = False,
    output: Output = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Find the items most similar to an item, a picture, a sentence or a taste, or those that suit a user.

    Each --item, --image and --text is a query of its own; --like and --unlike together are one (the mean of what is
    liked minus half the mean of what is not); --mix makes one query of everything. Scores are cosines (with --mix,
    rank fusion's). What is asked about is never an answer, and near-duplicates are shown once.

    A model of train-cf is asked about users. What they have is left out, unless --include-seen or --repeat. A user
    nobody knows is shown what was popular lately, and the column source says so. Several models are blended.

    Examples:

        visrec recommend table.arrow --item 1164 -k 5

        visrec recommend table.arrow --image query.jpg --where "price < 50"

        visrec recommend table.arrow --like 1164 --like 1525 --unlike 1546

        visrec embed-images ./imgs | visrec recommend --all -o similar.parquet

        visrec recommend als.arrow --user 42 --user 7 -k 5 --explain

        visrec recommend als.arrow --all-users --where "price < 50" -o offers.parquet

        visrec recommend als.arrow knn.arrow --blend als=0.7,item-knn=0.3 --user 42
    """
    from visrec_cli.commands.running import run_stage

    about_users = _about_users(context)

    def about_items(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend import recommend

        return recommend(
            _one(tables),
            items=item or (),
            images=image or (),
            texts=text or (),
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
            id_column=id_column,
            ids=ids,
            row_ids=row_ids,
            report=report,
        )

    def for_users(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend_users import Rules, recommend_users
        from visrec_cli.stages.serving.gathering import Newer

        return recommend_users(
            *(tables or ["-"]),
            users=user or (),
            listed=users,
            all_users=all_users,
            columns=listed(columns),
            explain=explain,
            show_history=show_history,
            fallback=not no_fallback,
            rules=Rules(
                k=k,
                seen=_seen(include_seen, repeat),
                where=where,
                allow=allow,
                deny=deny,
                diversity=diversity,
                blend=weights(blend or "", flag="--blend", example="als=0.7,item-knn=0.3"),
                blend_by=blend_by,
            ),
            newer=Newer(items, new_items, history),
            report=report,
        )

    stage = for_users if about_users else about_items
    run_stage(stage, output=output, format=format, rejects=rejects, strict=strict, quiet=quiet, noun="recommendations")


def _about_users(context: typer.Context) -> bool:
    """Whether users are asked about. Raises UsageProblem for options of both questions at once."""
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    given = [name for name in flags if name and str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
    asking_users = any(name in ASKS_USERS for name in given)
    strange = [name for name in given if name in (ABOUT_ITEMS if asking_users else ABOUT_USERS)]
    if strange:
        about, way = ("items", "leave it out") if asking_users else ("users", "add --user ID or --all-users")
        raise UsageProblem(f"{flags[strange[0]]} belongs to questions about {about}", fix=way)
    return asking_users


def _one(tables: list[str] | None) -> str:
    if tables and len(tables) > 1:
        raise UsageProblem("one table is asked about items, and several were named", fix="ask each by itself")
    return tables[0] if tables else "-"


def _seen(include: bool, repeat: bool) -> str:
    if include and repeat:
        raise UsageProblem("--repeat shows only what users have, --include-seen also that", fix="leave out one of them")
    return "only" if repeat else "in" if include else "out"

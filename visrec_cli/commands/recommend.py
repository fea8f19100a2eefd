"""``visrec recommend``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.errors import UsageError
from visrec_cli.options.cache import CacheFlags, CacheFolder, NoCache
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads
from visrec_cli.options.recommend import NO_GROUPS
from visrec_cli.options.recommend_items import GroupQuery, ItemQuery
from visrec_cli.options.recommend_users import Newer, Rules, UserMode, UserQuery
from visrec_cli.options.requirements import Excludes, Needs
from visrec_cli.options.shared import Format, Output, Rejects, Strict
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.standard_streams import standard_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_NOT_FOLLOWING = Excludes("--follow")


@dataclass(frozen=True)
class RecommendArguments:
    """What is asked."""

    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TABLE|MODEL", help="A table with vectors, a model (several are blended), or - for stdin."
        ),
        Reads(),
    ] = None


@dataclass(frozen=True, kw_only=True)
class QueryCache(CacheFlags):
    """Which vectors of queries are kept."""

    folder: Annotated[CacheFolder, Needs("--image", "--text", "--texts", "--index annoy|faiss")] = None
    off: Annotated[NoCache, Needs("--image", "--text", "--texts")] = False


@dataclass(frozen=True, kw_only=True)
class Answers(Destination):
    """Where the answers go."""

    output: Annotated[Output, _NOT_FOLLOWING] = "-"
    format: Annotated[Format, _NOT_FOLLOWING] = None
    rejects: Annotated[Rejects, _NOT_FOLLOWING, NO_GROUPS] = None
    strict: Annotated[Strict, _NOT_FOLLOWING, NO_GROUPS] = False


def run(given: Given) -> None:
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

    to, tables = given.of(Answers), given["tables"]
    cache = given.of(QueryCache).open()

    def about_items(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend.items import recommend

        return recommend(_one(tables), given.of(ItemQuery, cache=cache), report=report)

    def about_groups(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend.items.alike_groups import recommend_groups

        return recommend_groups(_one(tables), given.of(GroupQuery), report=report)

    def for_users(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend.users import recommend_users

        models = tables or ["-"]
        return recommend_users(*models, options=users, rules=rules(), newer=given.of(Newer), report=report)

    def answers(report: Report) -> "Iterator[dict[str, Any]]":
        from visrec_cli.stages.recommend.users.follow import follow, lines_of

        return follow(
            *(tables or []),
            events=lines_of(standard_input()),
            columns=users.columns or (),
            explain=users.explain,
            fallback=users.fallback,
            rules=rules(),
            newer=given.of(Newer),
            report=report,
        )

    def rules() -> Rules:
        return given.of(Rules, seen=given.of(UserMode).seen)

    users = given.of(UserQuery)
    if given["follow"]:
        run_coprocess(answers, quiet=to.quiet)
        return
    listed = users.listed is not None or users.listed_sessions is not None
    about_users = users.users or users.all_users or users.sessions or listed
    stage = for_users if about_users else about_groups if given["group_by"] is not None else about_items
    run_stage(stage, to, noun="recommendations")


command = command_of(
    run, RecommendArguments, ItemQuery, GroupQuery, UserQuery, Rules, Newer, UserMode, QueryCache, Answers
)


def _one(tables: list[str] | None) -> str:
    """The table to search for items."""
    if tables and len(tables) > 1:
        raise UsageError("items are searched in one table, and several were given", fix="run recommend once per table")
    return tables[0] if tables else "-"

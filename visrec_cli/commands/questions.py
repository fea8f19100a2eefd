"""Which question a ``recommend`` asks, and whether its options are of that question."""

import typer

from visrec_cli.errors import UsageProblem

ASK_FOR_USERS = ("user", "users", "all_users", "session", "sessions", "follow")
ABOUT_ITEMS = (
    *("item", "image", "text", "like", "unlike", "all_items", "mix", "same_above", "column"),
    *("index", "trees", "search_k", "nlist", "nprobe", "id_column", "ids", "row_ids"),
)
ABOUT_USERS = (
    *ASK_FOR_USERS,
    *("include_seen", "repeat", "allow", "deny", "items", "new_items", "history", "explain", "show_history"),
    *("no_fallback", "blend", "blend_by"),
)
NOT_FOLLOWING = (
    *("user", "users", "all_users", "session", "sessions", "show_history"),
    *("output", "format", "rejects", "strict"),
)
ABOUT_GROUPS = ("group", "min_items")
OF_GROUPS = (
    *("group_by", *ABOUT_GROUPS, "tables", "all_items", "k", "where", "columns", "column", "id_column", "ids"),
    *("row_ids", "output", "format", "quiet"),
)


def question(context: typer.Context) -> str:
    """``items``, ``groups``, ``users`` or ``follow``. Raises UsageProblem for options of another question."""
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    given = [
        name for name in flags if name and getattr(context.get_parameter_source(name), "name", None) == "COMMANDLINE"
    ]
    grouped = "group_by" in given
    strange = [name for name in given if (name not in OF_GROUPS if grouped else name in ABOUT_GROUPS)]
    if strange:
        what = "means nothing to" if grouped else "belongs to"
        way = "leave it out" if grouped else "add --group-by COLUMN"
        raise UsageProblem(f"{flags[strange[0]]} {what} questions about groups", fix=way)
    if grouped:
        return "groups"
    for_users = any(name in ASK_FOR_USERS for name in given)
    strange = [name for name in given if name in (ABOUT_ITEMS if for_users else ABOUT_USERS)]
    if strange:
        about, way = ("items", "leave it out") if for_users else ("users", "add --user ID or --all-users")
        raise UsageProblem(f"{flags[strange[0]]} belongs to questions about {about}", fix=way)
    if "follow" not in given:
        return "users" if for_users else "items"
    strange = [name for name in given if name in NOT_FOLLOWING]
    if strange:
        raise UsageProblem(
            f"--follow answers events on stdin, a line each, and {flags[strange[0]]} means nothing there",
            fix="leave it out",
        )
    return "follow"


def one_table(tables: list[str] | None) -> str:
    """The table that is asked about items."""
    if tables and len(tables) > 1:
        raise UsageProblem("one table is asked about items, and several were named", fix="ask each by itself")
    return tables[0] if tables else "-"


def seen_items(include: bool, repeat: bool) -> str:
    """What becomes of the things that a user has."""
    if include and repeat:
        raise UsageProblem("--repeat shows only what users have, --include-seen also that", fix="leave out one of them")
    return "only" if repeat else "in" if include else "out"

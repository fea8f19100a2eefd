"""What the headers of a log of behaviour mean: the only place that knows the names of well-known sets.

MovieLens (``userId,movieId,rating,timestamp``), Amazon (``reviewerID,asin,overall,unixReviewTime`` and ``user_id,
parent_asin,rating,timestamp``), H&M (``t_dat,customer_id,article_id``), RecBole (``user_id:token`` …), LensKit, Yelp …
"""

import shlex

import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.logs import Columns
from visrec_cli.tables.column_names import REPEATED, original_name
from visrec_cli.tables.ids import ITEM_ALIASES, USER_ALIASES, plain_name

RATINGS = ("rating", "ratings", "overall", "stars", "score", "book_rating")
_ALIASES = {
    "user": USER_ALIASES,
    "item": tuple(alias for alias in ITEM_ALIASES if alias != "id"),  # in a log, id numbers the rows
    "weight": (
        "weight", *RATINGS, "count", "counts", "play_count", "playcount", "plays", "clicks", "quantity", "label",
    ),
    "time": (
        "timestamp", "time", "datetime", "date", "t_dat", "unixreviewtime", "unix_time", "event_time", "created_at",
        "ts", "order_date", "purchase_date", "invoicedate",
    ),
    "event": (
        "event", "event_type", "behavior", "behaviour", "behavior_type", "behaviour_type", "action", "action_type",
        "interaction_type",
    ),
}  # fmt: skip
WITHOUT_HEADER = ("user", "item", "rating", "timestamp")
NONE = "none"
_WIDE = 20
_CELLS = 5


def are_ratings(name: str) -> bool:
    """Whether a column of this name holds opinions, of which the last counts, and not amounts, which add up."""
    return plain_name(name) in RATINGS


def find_columns(schema: pa.Schema, columns: Columns, where: str) -> dict[str, str | None]:
    """What user, item, weight, time and event are called in this log; None for what it does not have.

    Raises UsageError for a column that is not there, InputError, saying what to do, without users or items.
    """
    named = {columns.user, columns.item, columns.weight, columns.time, columns.event}
    plain = {plain_name(name): name for name in reversed(schema.names) if name not in named}
    found: dict[str, str | None] = {}
    for kind, aliases in _ALIASES.items():
        wanted = getattr(columns, kind)
        if wanted is not None and wanted != NONE and wanted not in schema.names:
            raise UsageError(
                f"{where} has no column '{wanted}'", fix=f"its columns are: {', '.join(schema.names[:20])}"
            )
        by_alias = next((plain[alias] for alias in aliases if alias in plain), None)
        found[kind] = None if wanted == NONE else wanted or by_alias
    if found["user"] is None or found["item"] is None:
        _explain(schema, found, where)
    twice = [name for name in found.values() if name is not None and list(found.values()).count(name) > 1]
    if twice:
        raise UsageError(f"{where}: column '{twice[0]}' is given for two roles", fix="name each column once")
    return found


def _explain(schema: pa.Schema, found: dict[str, str | None], where: str) -> None:
    """Say why there is no column of users or of items."""
    names: list[str] = schema.names
    words = names[0].split() if len(names) == 1 else []
    if len(words) > 1:
        tabs = f"tr -s ' ' '\\t' < {shlex.quote(where)} | visrec … -"
        raise InputError(
            f"{where}: its columns are divided by spaces (the first line is {names[0][:60]})",
            fix=(f"{tabs} --no-header", f"{tabs}, below a line of names") if all(map(_is_number, words)) else tabs,
        )
    numbers = sum(_is_number(name) for name in names)
    if numbers == len(names) <= _WIDE:
        line = ", ".join(original_name(name) for name in names)
        raise InputError(
            f"{where} has no header: its first line is {line}",
            fix=(
                f"--no-header takes the columns as {', '.join(WITHOUT_HEADER)}; otherwise put a line of names on top",
                "put a line of names on top",
            ),
        )
    index, others = ("item", "user") if found["user"] is None and found["item"] else ("user", "item")
    first = found[index] or (names[0] if not names[0].strip() else None)  # pandas leaves the name of an index out
    rest = [field for field in schema if field.name != first]
    texts = all(pa.types.is_string(field.type) or pa.types.is_large_string(field.type) for field in rest)
    numbered = sum(name[-1:].isdigit() for name in names)
    if texts and len(rest) > _WIDE and (numbered > _WIDE or any(REPEATED in name for name in names)):
        header = "header=None, " if found["user"] or found["item"] else ""  # the names are its first interaction
        raise InputError(
            f"{where} looks transposed, with one column per interaction ({len(names):,} columns: "
            f"{', '.join(names[:4])} …); a log has one row per interaction",
            fix=f"with pandas: pd.read_csv('{where}', {header}index_col=0).T.to_csv('log.csv', index=False)",
        )
    cells = [f for f in rest if pa.types.is_integer(f.type) or pa.types.is_floating(f.type) or pa.types.is_null(f.type)]
    if (first is not None and len(cells) == len(rest) >= _CELLS) or numbers > _WIDE:
        name = first or names[0]
        renamed = "" if name.strip() else f".rename({{'{name}': '{index}'}})"
        raise InputError(
            f"{where} looks like a matrix, with one row per {index} and one column per {others} "
            f"({len(names):,} columns: {', '.join(names[:4])} …); a log has one row per interaction",
            fix=f"with polars: df{renamed}.unpivot(index='{name.strip() or index}', variable_name='{others}', "
            "value_name='weight').drop_nulls()",
        )
    lacking = "user" if found["user"] is None else "item"
    raise InputError(
        f"{where} has no column of {lacking}s that visrec knows (its columns are: {', '.join(names[:20])})",
        fix=(f"name it with --{lacking}-column COLUMN", f"call it {lacking}_id"),
    )


def _is_number(name: str) -> bool:
    try:
        float(original_name(name))
    except ValueError:
        return False
    return True

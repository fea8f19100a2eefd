"""``profile``: the tastes of users."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from visrec_cli.errors import UsageError
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.reports.gallery_items import title_of
from visrec_cli.runtime.report import Report
from visrec_cli.stages.profile.likes import Likes, open_likes
from visrec_cli.stages.profile.tastes import Taste, TastePart, taste_of
from visrec_cli.tables.readers import Tabular
from visrec_cli.tables.time import TIME

SCHEMA = pa.schema(
    [
        ("user_id", pa.string()), ("kind", pa.string()), ("rank", pa.int32()), ("name", pa.string()),
        ("item_id", pa.string()), ("n", pa.int64()), ("share", pa.float64()), ("everyone", pa.float64()),
        ("lift", pa.float64()), ("sure", pa.string()), ("early", pa.float64()), ("late", pa.float64()),
        ("change", pa.string()), ("alike", pa.float64()), ("apart", pa.float64()), ("apart_p", pa.float64()),
        ("drift", pa.float64()), ("drift_p", pa.float64()),
        ("first", TIME), ("last", TIME), ("items", pa.list_(pa.string())), ("note", pa.string()),
    ]
)  # fmt: skip


def profile(
    source: Tabular,
    *,
    users: Sequence[str],
    items: Tabular | None = None,
    column: str | None = None,
    category: str | None = None,
    columns: Columns | None = None,
    cleaning: Cleaning | None = None,
    seed: int = 0,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """A row for the taste of each user as a whole, for each of its prototypes, and for each category.

    source: a log, or a model of train-cf. items: the catalogue; with vectors, there are prototypes. column: which
    vectors. category: the column of categories; lists, and texts such as ``A|B``, name several. columns, cleaning: how
    a log is read. Returns SCHEMA (docs/map-and-profile.md). Raises UsageError for unknown users and columns.
    """
    report = report or Report()
    likes = likes_of(source, users, items, column, category, columns, cleaning, report)
    tastes = tastes_of(likes, users, seed=seed, report=report)
    return table_of(likes, tastes).to_reader()


def likes_of(
    source: Tabular,
    users: Sequence[str],
    items: Tabular | None,
    column: str | None,
    category: str | None,
    columns: Columns | None,
    cleaning: Cleaning | None,
    report: Report,
) -> Likes:
    """What everybody liked, for profiles of some. Raises UsageError where nobody was named."""
    if isinstance(users, str):
        raise UsageError("users are a list", fix='users=["42"]')
    if not users or any(not user for user in users):
        raise UsageError("no user was given", fix="--user ID; is the variable set?")
    return open_likes(
        source, items, column=column, category=category, columns=columns or Columns(),
        cleaning=cleaning or Cleaning(), report=report,
    )  # fmt: skip


def tastes_of(likes: Likes, users: Sequence[str], *, seed: int, report: Report) -> list[Taste]:
    """The tastes of these users, each once, in order."""
    tastes = [taste_of(likes, user, seed=seed) for user in dict.fromkeys(users)]
    report.count("users", len(tastes))
    for taste in tastes:
        for note in taste.notes:
            report.warn(f"user {taste.user}: {note}")
    return tastes


def table_of(likes: Likes, tastes: Sequence[Taste]) -> pa.Table:
    """The tastes as a table of SCHEMA."""
    titles = names_of(likes)
    rows = []
    for taste in tastes:
        rows.append(_whole(likes, taste))
        for kind, parts in (("prototype", taste.prototypes), ("category", taste.categories)):
            rows += [_row(likes, taste, kind, rank, part, titles) for rank, part in enumerate(parts, 1)]
    return pa.Table.from_pylist(rows, SCHEMA)


def names_of(likes: Likes) -> list[str]:
    """What to call each item: its title where the table has one, else its id."""
    if likes.features is None:
        return list(likes.items)
    rows = likes.features.about_of(likes.items).to_pylist()
    return [title_of({**row, "item_id": item}) for row, item in zip(rows, likes.items, strict=True)]


def _whole(likes: Likes, taste: Taste) -> dict[str, Any]:
    drift, groups = taste.drift, taste.grouping
    return {
        "user_id": taste.user, "kind": "taste", "rank": 1, "n": len(taste.items), "share": 1.0,
        "apart": groups and groups.apart, "apart_p": groups and groups.p,
        "drift": drift and drift.distance, "drift_p": drift and drift.p, **_span(taste, taste.items),
        "items": [likes.items[item] for item in taste.items[::-1]], "note": ". ".join(taste.notes) or None,
    }  # fmt: skip


def _row(likes: Likes, taste: Taste, kind: str, rank: int, part: TastePart, titles: Sequence[str]) -> dict[str, Any]:
    medoid = int(part.items[0]) if kind == "prototype" else None
    return {
        "user_id": taste.user, "kind": kind, "rank": rank,
        "name": part.name if medoid is None else titles[medoid],
        "item_id": None if medoid is None else likes.items[medoid],
        "n": len(part.items), "share": part.share, "everyone": part.everyone, "lift": part.lift, "sure": part.sure,
        "early": part.early, "late": part.late, "change": part.change, "alike": part.alike,
        **_span(taste, part.items), "items": [likes.items[item] for item in part.items],
    }  # fmt: skip


def _span(taste: Taste, items: Any) -> dict[str, int | None]:
    span = taste.span(items)
    return {"first": span and span[0], "last": span and span[1]}

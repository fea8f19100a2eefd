"""``profile``: the tastes of users."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.profile import ProfileOptions
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


@takes(ProfileOptions)
def profile(
    source: Tabular, options: ProfileOptions | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """A row for the taste of each user as a whole, for each of its prototypes, and for each category.

    Parameters
    ----------
    source : Tabular
        A log, or a model of train-cf.
    options : ProfileOptions | None, default=None
        Whose tastes, by which items.
    report : Report | None, default=None
        Gets counts and notes.
    **named : Any
        Fields of ProfileOptions, instead of those of ``options``.

    Returns
    -------
    pa.RecordBatchReader
        A table of SCHEMA (docs/map-and-profile.md).

    Raises
    ------
    UsageError
        Unknown users or columns, no user at all, or options of a log beside a model.
    InputError
        A log, model or table of items that cannot be used.
    """
    report, options = report or Report(), options_of(ProfileOptions, options, named)
    likes = open_likes(source, options, report)
    return table_of(likes, tastes_of(likes, options, report)).to_reader()


def tastes_of(likes: Likes, options: ProfileOptions, report: Report) -> list[Taste]:
    """The tastes of the users, each once, in order."""
    tastes = [taste_of(likes, user, seed=options.seed) for user in dict.fromkeys(options.users)]
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

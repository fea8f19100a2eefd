"""``profile --html``: the tastes of users as a page with pictures."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.items.page_pictures import pictures_of, thumbnails_of
from visrec_cli.items.pictures import PictureSource
from visrec_cli.recommenders.data import DAY
from visrec_cli.reports.profile_page import CategoryShare, Looks, Profile, ProfilePicture, profile_page
from visrec_cli.reports.thumbnails import Thumbnail
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.profile import names_of
from visrec_cli.stages.profile.likes import Likes
from visrec_cli.stages.profile.tastes import Taste, TastePart
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.rows import take_rows
from visrec_cli.tables.vectors import embedding_columns

PICTURES, LATEST, KINDS = 9, 12, 14  # of a prototype, of what was liked last, and categories beside those that differ


def taste_page(
    likes: Likes, tastes: Sequence[Taste], *, items: Tabular | None, title: str | None, report: Report
) -> str:
    """The HTML. items: where the catalogue came from: its folder may hold the pictures."""
    wanted = [item for taste in tastes for item in _shown(taste)]
    thumbnails = iter(thumbnails_of(_places(likes, wanted, items), report))
    titles = names_of(likes)
    profiles = [_profile(likes, taste, titles, thumbnails) for taste in tastes]
    meta = (
        f"{counted(likes.history.nnz, 'likes')} of {counted(len(likes.users), 'users')}",
        counted(int((likes.history.getnnz(axis=0) > 0).sum()), "liked items"),
    )
    return profile_page(profiles, title=title or ("Taste" if len(tastes) == 1 else "Tastes"), meta=meta)


def _shown(taste: Taste) -> list[int]:
    """The items whose pictures are on the page, in the order in which they are asked for."""
    parts = [item for part in taste.prototypes for item in part.items[:PICTURES]]
    return [int(item) for item in [*parts, *taste.items[::-1][:LATEST]]]


def _places(likes: Likes, wanted: Sequence[int], items: Tabular | None) -> list[PictureSource]:
    ids = [likes.items[item] for item in wanted]
    nothing = PictureSource(None, None, None)
    if likes.features is None or not ids:
        return [nothing] * len(ids)
    table = likes.features.table
    table = table.select([name for name in table.column_names if name not in embedding_columns(table.schema)])
    places = pc.index_in(pa.array(ids, pa.string()), table["item_id"].combine_chunks())
    item_rows = take_rows(table, pc.fill_null(places, 0).to_numpy(zero_copy_only=False).astype("int64"))
    folder = Path(items).parent if items is not None and is_path(items) and str(items) != "-" else None
    locate = pictures_of(table.schema, None, folder)
    found = [one for batch in item_rows.to_batches() for one in locate(batch)]
    return [one if known.is_valid else nothing for one, known in zip(found, places, strict=True)]


def _profile(likes: Likes, taste: Taste, titles: Sequence[str], thumbnails: Iterator[Thumbnail | None]) -> Profile:
    looks = []
    for part in taste.prototypes:
        shown = [int(item) for item in part.items[:PICTURES]]
        pictures = [
            ProfilePicture(titles[item], one) for item, one in zip(shown, islice(thumbnails, len(shown)), strict=True)
        ]
        looks.append(Looks(tuple(pictures), _facts(likes, taste, part), len(part.items) - len(shown)))
    newest = [int(item) for item in taste.items[::-1][:LATEST]]
    days = [] if taste.times is None or not taste.dated else [_day(int(when)) for when in taste.times[::-1][:LATEST]]
    latest = [
        ProfilePicture(titles[item], one, days[at] if days else "")
        for at, (item, one) in enumerate(zip(newest, islice(thumbnails, len(newest)), strict=True))
    ]
    listed = [part for at, part in enumerate(taste.categories) if at < KINDS or part.sure or part.change]
    return Profile(
        f"User {taste.user}",
        _meta(likes, taste),
        tuple(looks),
        tuple(map(_kind, listed)),
        len(taste.categories) - len(listed),
        _change(taste),
        tuple(latest),
        taste.notes,
    )


def _facts(likes: Likes, taste: Taste, part: TastePart) -> tuple[str, ...]:
    """What is told beside a prototype: how much of the taste it is, of what, and when."""
    facts = [f"{counted(len(part.items), 'items')}, {part.share:.0%} of what they liked"]
    if likes.kinds is not None:
        inside = likes.kinds[part.items].toarray().mean(axis=0)
        names = sorted(range(len(inside)), key=lambda kind: (-inside[kind], kind))[:3]
        listed = [f"{likes.kind_names[kind]} {inside[kind]:.0%}" for kind in names if inside[kind] > 0]
        facts += [", ".join(listed)] if listed else []
    if part.early is not None and part.late is not None:
        facts.append(f"{part.early:.0%} of the early half, {part.late:.0%} of the late")
    span = taste.span(part.items)
    if span is not None:
        facts.append(f"last on {_day(span[1])}")
    return tuple(facts)


def _meta(likes: Likes, taste: Taste) -> tuple[str, ...]:
    meta = [counted(len(taste.items), "liked items")]
    span, end = taste.span(taste.items), likes.end
    if span is not None and end is not None:
        first, last = map(_day, span)
        meta.append(f"on {first}" if first == last else f"from {first} to {last}")
        ago = (end - span[1]) // DAY
        meta.append("up to the log's last day" if ago == 0 else f"nothing in the log's last {counted(ago, 'days')}")
    return tuple(meta)


def _kind(part: TastePart) -> CategoryShare:
    change = "" if part.early is None or part.late is None else f"{part.early:.0%} → {part.late:.0%}"
    lift = "" if part.lift is None else f"{part.lift:.1f} ×"
    everyone = part.everyone or 0.0
    return CategoryShare(part.name or "", len(part.items), part.share, everyone, lift, part.sure, change, part.change)


def _change(taste: Taste) -> tuple[str, ...]:
    """Sentences on the early against the late half."""
    found = []
    if taste.drift is not None:
        one = taste.drift
        far = f"The middle of the looks moved by {one.distance:.3f} (1 - cosine) from the early to the late half"
        chance = f"shuffled histories move by {one.chance:.3f} on average, and as far with p {one.p:.3f}"
        found.append(f"{far}: {'more than chance' if one.holds else 'no more than chance'}; {chance}.")
    for way in ("rose", "fell"):
        names = [f"{part.name} ({part.early:.0%} → {part.late:.0%})" for part in taste.categories if part.change == way]
        found += [f"{'Rose' if way == 'rose' else 'Fell'}: {', '.join(names)}."] if names else []
    listed = any(part.early is not None for part in taste.categories)
    if listed and not any(part.change for part in taste.categories):
        found.append("No category rose or fell by more than chance would make it.")
    return tuple(found)


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d")

"""Rows of a table as what a gallery shows: cards, and shelves of cards beside their query."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from visrec_cli.reports.cells import number, words
from visrec_cli.reports.thumbnails import Thumbnail

TITLES = ("title", "name", "product_name", "productdisplayname", "label")
PRICES = ("price", "sale_price", "cost")
ASKED = {
    "item": "Similar to",
    "image": "Looks like",
    "text": "Matches",
    "mixed": "Between",
    "group": "Groups like",
    "user": "For",
}
ABOUT_THE_FILE = {"image_path", "width", "height", "sharpness", "brightness", "contrast", "clutter"}
SURE = 0.3  # score from which a recognised class stands on the card
OWN = {
    *("item_id", "rank", "score", "why", "labels", "flags", "image", "duplicate_of", "duplicate_kind"),
    *("query_id", "query_kind", "query_label", "query_image_path", "user_id", "history"),
}


@dataclass(frozen=True)
class GalleryItem:
    """One item. share: the score as a part of the bar, 0 to 1. values: numbers to sort by. facts: for the dialog."""

    item_id: str
    title: str
    thumbnail: Thumbnail | None
    rank: int | None = None
    score: float | None = None
    share: float | None = None
    why: str = ""
    on_card: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    label: str = ""  # the surest of the recognised classes
    badges: tuple[str, ...] = ()
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ResultRow:
    """What was asked, and the cards that answer it, best first. before: what the user liked, latest first."""

    asked: str
    label: str
    thumbnail: Thumbnail | None
    written: bool  # the query is a sentence: its words are the picture
    cards: tuple[GalleryItem, ...]
    before: tuple[GalleryItem, ...] = ()
    note: str = ""
    person: bool = False  # asked for a user, who has no picture


def card(
    row: dict[str, Any],
    thumbnail: Thumbnail | None,
    *,
    shown: Sequence[str] = (),
    best: float = 1.0,
    missing: str = "",
) -> GalleryItem:
    """The card of one row (column name → Python value, without vectors).

    shown: columns whose values stand on the card itself. best: the score that fills the bar.
    missing: the badge of a card without picture.
    """
    score = row.get("score")
    return GalleryItem(
        item_id=str(row.get("item_id", "")),
        title=title_of(row),
        thumbnail=thumbnail,
        rank=row.get("rank"),
        score=score,
        share=None if score is None else min(max(score / best, 0.0), 1.0) if best > 0 else 0.0,
        why=str(row.get("why") or ""),
        on_card=tuple((name, fact(name, row[name])) for name in shown if row.get(name) is not None),
        facts=_facts(row),
        label=next((_label(label) for label in row.get("labels") or () if _sure(label)), ""),
        badges=_badges(row, "" if thumbnail else missing),
        values={name: float(value) for name, value in row.items() if _sortable(value)},
    )


def result_row(
    rows: Sequence[dict[str, Any]],
    thumbnails: Sequence[Thumbnail | None],
    query: Thumbnail | None,
    shown: Sequence[str],
    before: Sequence[tuple[dict[str, Any], Thumbnail | None]] = (),
) -> ResultRow:
    """The results of one query: its rows in the order of their rank, with a thumbnail each.

    before: what a user liked, with thumbnails. The scores of cosines fill their bar at 1; those of models have no
    scale, and the best of a user fills it.
    """
    first = rows[0]
    kind = str(first.get("query_kind") or ("user" if "user_id" in first else "item"))
    label = first.get("query_label") or first.get("query_id") or first.get("user_id")
    scores = [row["score"] for row in rows if row.get("score") is not None]
    best = max(scores, default=1.0) if "user_id" in first else max([1.0, *scores])
    source = str(first.get("source") or "")
    pairs = sorted(zip(rows, thumbnails, strict=True), key=lambda pair: pair[0].get("rank") or 0)
    cards = tuple(card(row, picture, shown=shown, best=best) for row, picture in pairs)
    return ResultRow(
        ASKED.get(kind, kind.capitalize()),
        str(label),
        query,
        kind == "text",
        cards,
        tuple(card(row, picture) for row, picture in before),
        source if source.startswith("fallback") else "",
        kind == "user",
    )


def fact(name: str, value: Any) -> str:
    """One value in words; money with two decimals, other floats short."""
    if name.lower() in PRICES and isinstance(value, int | float):
        return f"{value:,.2f}"
    return number(value) if isinstance(value, float) else words(value)


def title_of(row: dict[str, Any]) -> str:
    """What to call a row: its title or name, else its id."""
    title = next((row[name] for name in row if name.lower() in TITLES and row[name]), None)
    return str(title or row.get("item_id") or "untitled")


def _sortable(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _facts(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Everything that the card itself does not say already."""
    placed = {*OWN, *(name for name in row if name.lower() in TITLES)}
    facts = {name: fact(name, value) for name, value in row.items() if name not in placed and value is not None}
    if row.get("labels"):
        facts["recognised as"] = ", ".join(map(_label, row["labels"]))
    return tuple(sorted(facts.items(), key=lambda item: item[0] in ABOUT_THE_FILE))  # those last, else as in the table


def _label(label: Any) -> str:
    if isinstance(label, dict) and label.get("score") is not None:
        return f"{label.get('label')} {label['score']:.0%}"
    return str(label.get("label") if isinstance(label, dict) else label)


def _sure(label: Any) -> bool:
    """A guess at 7 % on a card would be read as a claim; the dialog shows all of them."""
    return not isinstance(label, dict) or label.get("score") is None or label["score"] >= SURE


def _badges(row: dict[str, Any], missing: str) -> tuple[str, ...]:
    """What a person who cleans a catalogue wants to see at once."""
    badges = [missing] if missing else []
    if row.get("duplicate_of"):
        how = {"exact": "same picture as", "near": "almost the same as"}.get(
            str(row.get("duplicate_kind")), "duplicate of"
        )
        badges.append(f"{how} {row['duplicate_of']}")
    flags = row.get("flags") or ()
    return (*badges, *(str(flag) for flag in ([flags] if isinstance(flags, str) else flags)))

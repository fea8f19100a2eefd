"""The gallery: items as a grid, or queries beside their results."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from visrec_cli.reports.gallery_items import GalleryItem, ResultRow
from visrec_cli.reports.html_page import render

TALLEST, WIDEST = 0.67, 1.4  # width to height of a picture frame


@dataclass(frozen=True)
class GalleryPage:
    """What stands around the cards. left_out: sentences about what is not on the page."""

    title: str
    meta: Sequence[str] = ()
    left_out: Sequence[str] = ()
    sort_by: Sequence[str] = ()


def recommendations_page(page: GalleryPage, rows: Sequence[ResultRow]) -> str:
    """HTML of queries beside their results."""
    return _render(page, [card for row in rows for card in row.cards], shelves=rows)


def items_page(page: GalleryPage, cards: Sequence[GalleryItem]) -> str:
    """HTML of a catalogue: a grid that can be filtered and sorted."""
    return _render(page, cards, cards=cards)


def _render(page: GalleryPage, all_cards: Sequence[GalleryItem], **content: Any) -> str:
    content = {"shelves": None, "cards": None, **content}
    return render("gallery", script="gallery.js", page=page, aspect=_aspect(all_cards), **content)


def _aspect(cards: Sequence[GalleryItem]) -> float:
    """Width to height of the frames: that of most pictures, so that posters stand and shoes lie."""
    shapes = [card.thumbnail.width / card.thumbnail.height for card in cards if card.thumbnail]
    return min(max(median(shapes), TALLEST), WIDEST) if shapes else 1.0

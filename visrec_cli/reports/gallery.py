"""The gallery: one HTML file with everything inside, that asks the network for nothing and runs no script but its own.

A content security policy in the page says so to the browser; the only script is allowed by its hash, so that even a
title full of markup could not run.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import median
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

import visrec_cli
from visrec_cli.reports.cards import Card, Shelf
from visrec_cli.runtime.words import printable

TALLEST, WIDEST = 0.67, 1.4  # width to height of a picture frame


@dataclass(frozen=True)
class Page:
    """What stands around the cards. left_out: sentences about what is not on the page."""

    title: str
    meta: Sequence[str] = ()
    left_out: Sequence[str] = ()
    sort_by: Sequence[str] = ()


def recommendations_page(page: Page, shelves: Sequence[Shelf]) -> str:
    """HTML of queries beside their results."""
    return _render(page, [card for shelf in shelves for card in shelf.cards], shelves=shelves)


def items_page(page: Page, cards: Sequence[Card]) -> str:
    """HTML of a catalogue: a grid that can be filtered and sorted."""
    return _render(page, cards, cards=cards)


def _render(page: Page, all_cards: Sequence[Card], **content: Any) -> str:
    environment = Environment(
        loader=PackageLoader("visrec_cli.reports"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    script = _file("gallery.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("gallery.html.j2").render(
        page=page,
        # Markup: our own files, and base64, whose "+" must stay
        style=Markup(_file("gallery.css")),
        script=Markup(script),
        script_hash=Markup(digest),
        aspect=_aspect(all_cards),
        version=visrec_cli.__version__,
        **{"shelves": None, "cards": None, **content},
    )


def _safe(value: Any) -> Any:
    """Texts of the table with controls shown, not obeyed; line breaks of a description are just spaces."""
    if type(value) is not str or (value.isascii() and value.isprintable()):
        return value
    return printable(" ".join(value.split()))


def _file(name: str) -> str:
    return (files("visrec_cli.reports") / "templates" / name).read_text(encoding="utf-8")


def _aspect(cards: Sequence[Card]) -> float:
    """Width to height of the frames: that of most pictures, so that posters stand and shoes lie."""
    shapes = [card.thumbnail.width / card.thumbnail.height for card in cards if card.thumbnail]
    return min(max(median(shapes), TALLEST), WIDEST) if shapes else 1.0

"""A catalogue as a map: one HTML file with every item as a point, its picture, and what the table says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from visrec_cli.reports.cells import shorten, words
from visrec_cli.reports.html_page import render
from visrec_cli.reports.sprites import Sprites
from visrec_cli.runtime.display import printable
from visrec_cli.tables.vectors import Matrix

GRID = 1 << 16
"""Steps of a place along the longer side of the map."""
LONGEST = 300  # characters of one value: the words of a description that a search would look for


@dataclass(frozen=True)
class MapPage:
    """What stands around the map. meta: a few words each. left_out: sentences about what is not on the page.

    colour: the column that the points are coloured by first, if any.
    """

    title: str
    meta: Sequence[str] = ()
    left_out: Sequence[str] = ()
    colour: str | None = None


def map_page(
    page: MapPage,
    places: Matrix,
    ids: Sequence[str],
    titles: Sequence[str],
    columns: Mapping[str, Sequence[Any]],
    sprites: Sprites,
) -> str:
    """The HTML. places: (n, 2); columns: further values of each item, numbers or anything that has words."""
    x, y = _on_grid(places)
    data = {
        "grid": GRID,
        "x": x,
        "y": y,
        "ids": [_safe(item) for item in ids],
        "titles": [_safe(title) for title in titles],
        "columns": [_column(name, values) for name, values in columns.items()],
        "colour": page.colour,
        "tile": sprites.side,
        "perRow": sprites.per_row,
        "perSheet": sprites.per_sheet,
        "sizes": [size for pair in sprites.sizes for size in pair],
    }
    return render("map", script=("map_view.js", "map_tools.js"), page=page, sheets=sprites.sheets, data=data)


def _on_grid(places: Matrix) -> tuple[list[int], list[int]]:
    """Whole numbers from 0 to GRID; the longer side fills it, the other is in the middle; y grows downwards."""
    low, high = places.min(axis=0), places.max(axis=0)
    span = max(float((high - low).max()), 1e-12)
    on_grid = np.rint(((places - (low + high) / 2) / span + 0.5).astype(np.float64) * GRID).astype(int)
    return on_grid[:, 0].tolist(), (GRID - on_grid[:, 1]).tolist()


def _column(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Numbers as they are; of everything else each different word once, and which of them each item has."""
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        return {"name": _safe(name), "numbers": [_number(value) for value in values]}
    texts = [None if value is None else _safe(shorten(words(value), LONGEST)) for value in values]
    known = {text: at for at, text in enumerate(dict.fromkeys(text for text in texts if text))}
    return {"name": _safe(name), "words": list(known), "at": [known.get(text, -1) if text else -1 for text in texts]}


def _number(value: float | None) -> float | None:
    """At most seven digits, which are all that float32 has; what JSON cannot say is nothing."""
    if value is None or not np.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.7g}")


def _safe(text: str) -> str:
    """A text of the table with its controls shown: what a script puts on the page no template sees."""
    return printable(" ".join(text.split()))

"""Pictures at a terminal, as half blocks: each character cell shows two pixels, one above the other.

Half blocks work in every terminal with full colour, also inside tmux and over ssh. Sharper protocols (sixel, kitty's)
must ask the terminal what it knows and read its answer from stdin, which in a pipe is the table itself.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from visrec_cli.reports.cells import shorten
from visrec_cli.runtime.display import printable

if TYPE_CHECKING:
    from PIL.Image import Image

CELLS = 22  # width of one picture in character cells


def can_show_pictures(console: Console) -> bool:
    """Whether this console is a terminal with full colour."""
    return console.is_terminal and console.color_system == "truecolor"


def show_pictures(pictures: "Sequence[tuple[Image | None, str]]", console: Console) -> None:
    """Print pictures with their captions beside each other, as many as fit into one row."""
    fit = max(1, (console.width + 2) // (CELLS + 2))
    chosen = pictures[:fit]
    row = Table.grid(padding=(0, 2, 0, 0))
    for _ in chosen:
        row.add_column(width=CELLS, vertical="bottom", no_wrap=True)
    row.add_row(*(half_blocks(picture) if picture else Text("no picture", style="dim") for picture, _ in chosen))
    row.add_row(*(Text(shorten(printable(caption), CELLS)) for _, caption in chosen))
    console.print(row)


def half_blocks(picture: "Image", cells: int = CELLS) -> Text:
    """An RGB picture as text at most ``cells`` characters wide and half as many lines high (a cell is two pixels)."""
    from PIL.Image import Resampling

    scale = min(cells / picture.width, cells / picture.height)
    width, height = max(1, round(picture.width * scale)), max(2, round(picture.height * scale / 2) * 2)
    pixels = np.asarray(picture.resize((width, height), Resampling.LANCZOS))
    return Text("\n").join(_lines(pixels))


def _lines(pixels: np.ndarray) -> Iterator[Text]:
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        line = Text()
        for above, below in zip(upper, lower, strict=True):
            line.append("▀", Style(color=_colour(above), bgcolor=_colour(below)))
        yield line


def _colour(pixel: np.ndarray) -> str:
    return f"#{pixel[0]:02x}{pixel[1]:02x}{pixel[2]:02x}"

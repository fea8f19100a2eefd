"""Many small pictures as a few large ones: a page opens ten files faster than ten thousand."""

from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from visrec_cli.reports.thumbnails import Thumbnail, as_webp

SHEET = 2048  # pixels of a sheet's side at most: what every graphics card takes
QUALITY = 76
LARGEST, SMALLEST = 96, 32
PIXELS = 24_000_000
"""Of all tiles together at most; a browser holds them decoded, four bytes each."""
_GROUND = (255, 255, 255)


@dataclass(frozen=True)
class Sprites:
    """side: of a tile, in pixels. per_row, per_sheet: how the tiles stand, tile after tile, row after row.

    sizes: width and height of each picture in its tile, top left; (0, 0) where there is none. kilobytes: of all sheets.
    """

    side: int
    per_row: int
    per_sheet: int
    sheets: tuple[Thumbnail, ...]
    sizes: tuple[tuple[int, int], ...]
    kilobytes: int


def tile_side(n: int) -> int:
    """The side of a tile for n pictures, so that all of them stay within PIXELS."""
    return min(max(int((PIXELS / max(n, 1)) ** 0.5) // 8 * 8, SMALLEST), LARGEST)


def sprites(pictures: Iterable[Image.Image | None], side: int) -> Sprites:
    """Sheets of ``shrunk`` pictures in their order; those that are not there take no room.

    The same pixels give the same bytes.
    """
    per_row = SHEET // side
    per_sheet = per_row * per_row
    sheets: list[Thumbnail] = []
    sizes: list[tuple[int, int]] = []
    canvas = Image.new("RGB", (SHEET, SHEET), _GROUND)
    at = 0  # tiles on this sheet
    for picture in pictures:
        if picture is None:
            sizes.append((0, 0))
            continue
        if at == per_sheet:
            sheets.append(_sheet(canvas, at, side, per_row))
            canvas, at = Image.new("RGB", (SHEET, SHEET), _GROUND), 0
        canvas.paste(picture, (at % per_row * side, at // per_row * side))
        sizes.append(picture.size)
        at += 1
    if at:
        sheets.append(_sheet(canvas, at, side, per_row))
    kilobytes = sum(len(sheet.uri) for sheet in sheets) // 1000
    return Sprites(side, per_row, per_sheet, tuple(sheets), tuple(sizes), kilobytes)


def _sheet(canvas: Image.Image, tiles: int, side: int, per_row: int) -> Thumbnail:
    width, height = min(tiles, per_row) * side, -(-tiles // per_row) * side
    return as_webp(canvas.crop((0, 0, width, height)), QUALITY)

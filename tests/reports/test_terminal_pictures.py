"""Pictures as half blocks: two pixels in one character cell."""

import io

from PIL import Image
from rich.console import Console

from visrec_cli.reports.terminal_pictures import CELLS, can_show_pictures, half_blocks, show_pictures


def console(**options) -> Console:
    return Console(file=io.StringIO(), width=100, **options)


def test_the_upper_pixel_is_ink_and_the_lower_one_paper():
    picture = Image.new("RGB", (2, 2), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 1, 2, 2))
    text = half_blocks(picture, cells=2)
    assert text.plain == "▀▀"
    style = text.spans[0].style
    assert style.color.triplet.hex == "#ff0000"
    assert style.bgcolor.triplet.hex == "#0000ff"


def test_shape_is_kept():
    lines = half_blocks(Image.new("RGB", (400, 200)), cells=20).plain.split("\n")
    assert [len(line) for line in lines] == [20] * 5
    assert len(half_blocks(Image.new("RGB", (1000, 3)), cells=20).plain.split("\n")) == 1


def test_only_a_terminal_with_full_colour_can():
    assert can_show_pictures(console(force_terminal=True, color_system="truecolor"))
    assert not can_show_pictures(console(force_terminal=True, color_system="standard"))
    assert not can_show_pictures(console(force_terminal=False))


def test_captions_stand_below_and_gaps_are_named():
    out = console(force_terminal=True, color_system="truecolor")
    many = [(Image.new("RGB", (9, 9)), "red [/b] \x1b[2J dress"), (None, "lamp")] * 9
    show_pictures(many, out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "red [/b] \\x1b[2J dre" in text
    assert text.count("no picture") == 100 // (CELLS + 2) // 2

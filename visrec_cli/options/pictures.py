"""Options that say how pictures are read and stored, and which are good enough."""

from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.options.requirements import Needs

MEGAPIXELS: float = 200
"""Largest picture that is decoded, unless another limit is given."""


@dataclass(frozen=True)
class TreatmentOptions:
    """How pictures are read and, with ``store``, normalised. Texts as a user writes them: "224", "640x480", "white".

    Attributes
    ----------
    max_megapixels : float, default=MEGAPIXELS
        Larger pictures are rejected before they are decoded.
    store : str | None, default=None
        ``jpeg`` or ``png``: the pictures are stored in the table. None: they are not.
    resize : str | None, default=None
        Size of the stored pictures, ``N`` or ``WxH`` in pixels. None: as they are.
    mode : str, default="fit"
        How to resize: ``fit``, ``crop``, ``pad`` or ``stretch``.
    pad_colour : str, default="white"
        Colour of the padding in mode ``pad``.
    trim : str, default="none"
        What is cut off before: ``none``, ``border`` or ``background``.
    jpeg_quality : int, default=90
        1 to 100.
    """

    max_megapixels: Annotated[
        float, typer.Option("--max-megapixels", min=0, help="Reject larger pictures before decoding them.")
    ] = MEGAPIXELS
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="jpeg|png", help="Store the pictures in the table, so that later stages need no folder."
        ),
    ] = None
    resize: Annotated[
        str | None,
        typer.Option("--resize", metavar="N|WxH", help="Resize stored pictures to this size."),
        Needs("--store", fix="add --store jpeg (or png)"),
    ] = None
    mode: Annotated[
        str,
        typer.Option("--mode", metavar="HOW", help="How to resize: fit, crop, pad or stretch."),
        Needs("--resize", fix="add --resize 512"),
    ] = "fit"
    pad_colour: Annotated[
        str,
        typer.Option("--pad-colour", metavar="COLOUR", help="Colour of the padding for --mode pad."),
        Needs("--mode pad"),
    ] = "white"
    trim: Annotated[
        str,
        typer.Option(
            "--trim", metavar="WHAT", help="Trim before resizing: none, border (bars of one colour) or background."
        ),
        Needs("--store", fix="add --store jpeg (or png)"),
    ] = "none"
    jpeg_quality: Annotated[
        int,
        typer.Option("--jpeg-quality", min=1, max=100, help="JPEG quality for --store jpeg."),
        Needs("--store jpeg"),
    ] = 90


@dataclass(frozen=True)
class LimitOptions:
    """Limits on the quality of pictures; None is no limit.

    Attributes
    ----------
    min_resolution : str | None, default=None
        As images.limits.parse_resolution reads it.
    min_sharpness : float | None, default=None
        Variance of the Laplacian.
    min_brightness : float | None, default=None
        Mean brightness, 0 to 1.
    max_brightness : float | None, default=None
        Mean brightness, 0 to 1.
    min_contrast : float | None, default=None
        0 to 1.
    max_clutter : float | None, default=None
        Share of edges in the outer frame, 0 to 1.
    max_aspect : float | None, default=None
        Long side by short side, 1 or more.
    """

    min_resolution: Annotated[
        str | None,
        typer.Option(
            "--min-resolution",
            metavar="SIZE",
            help="Minimum size: 1080p or 4k (the shorter side), 640x480 (either orientation) or 256 (both sides).",
        ),
    ] = None
    min_sharpness: Annotated[
        float | None,
        typer.Option(
            "--min-sharpness",
            metavar="X",
            help="Minimum variance of the Laplacian; blurred photos are below about 100.",
        ),
    ] = None
    min_brightness: Annotated[
        float | None, typer.Option("--min-brightness", metavar="X", help="Minimum mean brightness, 0 to 1.")
    ] = None
    max_brightness: Annotated[
        float | None, typer.Option("--max-brightness", metavar="X", help="Maximum mean brightness, 0 to 1.")
    ] = None
    min_contrast: Annotated[
        float | None, typer.Option("--min-contrast", metavar="X", help="Minimum contrast, 0 to 1.")
    ] = None
    max_clutter: Annotated[
        float | None,
        typer.Option(
            "--max-clutter", metavar="X", help="Maximum share of edges in the outer frame: 0 (plain background) to 1."
        ),
    ] = None
    max_aspect: Annotated[
        float | None,
        typer.Option("--max-aspect", metavar="X", help="Maximum ratio of the long to the short side."),
    ] = None

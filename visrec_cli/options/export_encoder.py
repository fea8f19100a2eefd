"""Options of ``export-encoder``."""

from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.errors import UsageError, unknown
from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import Needs, NeedsInput
from visrec_cli.options.shared import IdColumn, ImageColumn
from visrec_cli.options.types import Tabular

_PICTURES = Needs("--calibrate")
_TABLE = NeedsInput("a table: a folder names its pictures itself")


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """In which format and precision an encoder is exported, and by which pictures it is calibrated and compared.

    Attributes
    ----------
    to : str, default="onnx"
        Format; only ``onnx``.
    int8 : bool, default=False
        Whether to quantise to 8 bits. Half of the pictures of ``calibrate`` then give the ranges of values, the other
        half compares.
    calibrate : Tabular | None, default=None
        A table or folder with pictures like those that the encoder will meet. None: compare on generated pictures.
    sample : int, default=256
        Number of pictures to draw from ``calibrate``.
    seed : int, default=0
        Random seed of the sample.
    image_column : str | None, default=None
        Column of pictures or their paths; None: found by its usual names.
    id_column : str | None, default=None
        Column with the ids of the items; None: found by its usual names.

    Raises
    ------
    UsageError
        Another format, or ``int8`` without ``calibrate``.
    """

    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="Format of the model; only onnx.")] = "onnx"
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Quantise to 8-bit integers: a quarter of the size, another vector space."),
        Needs(
            "--calibrate", fix="--calibrate FOLDER, or a table with pictures: quantisation needs the range of values"
        ),
    ] = False
    calibrate: Annotated[
        Tabular | None,
        typer.Option(
            "--calibrate", metavar="TABLE|FOLDER", help="Typical pictures, to calibrate --int8 and compare vectors."
        ),
        Reads(),
    ] = None
    sample: Annotated[
        int, typer.Option("--sample", min=1, help="Number of pictures to use of --calibrate."), _PICTURES
    ] = 256
    seed: Annotated[int, typer.Option("--seed", min=0, help="Random seed of the sample."), _PICTURES] = 0
    image_column: Annotated[ImageColumn, _PICTURES, _TABLE] = None
    id_column: Annotated[IdColumn, _PICTURES, _TABLE] = None

    def __post_init__(self) -> None:
        if self.to != "onnx":
            raise unknown("format", self.to, ["onnx"])
        if self.int8 and self.calibrate is None:
            raise UsageError(
                "--int8 needs pictures to calibrate the range of values",
                fix="--calibrate FOLDER, or a table with pictures",
            )

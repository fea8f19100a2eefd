"""Options of ``embed-images``."""

from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.embedding import EmbeddingOptions
from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import CommandValues, Condition, Excludes, NeedsInput
from visrec_cli.options.shared import Device, Engine, IdColumn, ImageColumn, MatrixIds, Precise, RowIds, SeveralPictures
from visrec_cli.options.types import OpenEncoder
from visrec_cli.registry import IMAGE_ENCODER, REGISTRY

_CLASSICAL = tuple(name for name, place in REGISTRY["image-encoder"].items() if ".classical:" in place)
_TABLE = NeedsInput("a table: a folder names its pictures itself")


def _classical(line: CommandValues) -> bool:
    return line.values["encoder"].split("+")[0] in _CLASSICAL


_NO_MODEL = Condition(f"--encoder {', '.join(_CLASSICAL)}, which needs no model", _classical)
_NO_GPU = Condition(
    f"--encoder {', '.join(_CLASSICAL)}, which computes on the CPU",
    lambda line: _classical(line) and line.values["device"] not in ("auto", "cpu"),
)


@dataclass(frozen=True, kw_only=True)
class ImageEncoderOptions:
    """Which encoder embeds pictures, and what it adds.

    Attributes
    ----------
    encoder : str | OpenEncoder, default=IMAGE_ENCODER
        A spec such as ``timm:NAME``, or an ImageEncoder that is open already.
    labels : int, default=0
        Number of the most likely classes to add to each row; 0 for none.
    into : str, default="image_embedding"
        Name of the column that is added.
    batch_size : int | None, default=None
        Pictures per batch of models in torch. None: what suits the encoder and the device.
    ignore_profiles : bool, default=False
        Whether colours are taken as they are, as the first release took them. Its vectors are in another space.
    """

    encoder: Annotated[
        str | OpenEncoder,
        typer.Option(
            "--encoder",
            "-e",
            metavar="SPEC",
            help="Encoder: lite0 (offline), timm:NAME, st:NAME or st:FOLDER (CLIP-like), file:PATH?arch=NAME, "
            "onnx:PATH (visrec export-encoder), "
            "classical features colour, lbp, hog, colour+hog; or a plug-in.",
        ),
        Reads(),
        CommandLineType(str, IMAGE_ENCODER, str),
    ] = IMAGE_ENCODER
    labels: Annotated[
        int,
        typer.Option("--labels", metavar="K", min=0, help="Add the K most likely classes of each picture."),
        NeedsInput("an encoder that was trained to classify"),
    ] = 0
    into: Annotated[
        str, typer.Option("--into", metavar="NAME", help="Name of the new column."), Excludes("--dry-run")
    ] = "image_embedding"
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            min=1,
            help="Pictures per batch with torch (default: 8 on a CPU, 64 on a GPU); halved if memory runs out.",
        ),
    ] = None
    ignore_profiles: Annotated[
        bool,
        typer.Option(
            "--ignore-profiles",
            help="Ignore colour profiles, for vectors compatible with tables and models of the first release.",
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class ImageEmbeddingOptions(EmbeddingOptions, ImageEncoderOptions):
    """The options of both, and where the pictures are.

    Attributes
    ----------
    image_column : str | None, default=None
        The column of pictures or their paths. None: found by its usual names.
    several_pictures : bool, default=False
        Whether rows of one id are the pictures of one item.
    ids : str | None, default=None
        File with the ids of an NPY array of pictures, one per line.
    row_ids : bool, default=False
        Whether the rows of an NPY array are called 0, 1, 2 …
    """

    half: Annotated[
        bool,
        typer.Option("--half", help="Store float16: half the size; duckdb cannot scan it."),
        Excludes("--dry-run"),
    ] = False
    device: Annotated[Device, Excludes(_NO_GPU)] = "auto"
    precise: Annotated[Precise, Excludes(_NO_MODEL)] = False
    engine: Annotated[Engine, Excludes(_NO_MODEL)] = "auto"
    image_column: Annotated[ImageColumn, _TABLE] = None
    id_column: Annotated[IdColumn, _TABLE] = None
    several_pictures: SeveralPictures = False
    ids: MatrixIds = None
    row_ids: RowIds = False

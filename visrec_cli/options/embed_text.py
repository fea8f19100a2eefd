"""Options of ``embed-text``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.embedding import EmbeddingOptions
from visrec_cli.options.files import Reads
from visrec_cli.options.requirements import Excludes
from visrec_cli.options.shared import BatchSize
from visrec_cli.options.types import OpenEncoder
from visrec_cli.registry import TEXT_ENCODER


def _columns(several: list[str] | None) -> list[str]:
    return [name.strip() for one in several or [] for name in one.split(",") if name.strip()]


@dataclass(frozen=True, kw_only=True)
class TextEncoderOptions:
    """Which texts are embedded, and by which encoder.

    Attributes
    ----------
    columns : str | Sequence[str], default=()
        A column or several, joined by ". " in this order without those that are missing. None given: the usual columns
        of texts that the table has.
    template : str | None, default=None
        Instead of columns, a text such as ``"{title} by {brand}"``.
    encoder : str | OpenEncoder, default=TEXT_ENCODER
        A spec such as ``st:NAME``, or a TextEncoder that is open already.
    prefix : str, default=""
        Put before each text, for models that want one before documents ("passage: ").
    into : str, default="text_embedding"
        Name of the column that is added.
    batch_size : int, default=32
        Texts per batch.
    """

    columns: Annotated[
        str | Sequence[str],
        typer.Option(
            "--columns", "-c", metavar="A,B", help="Columns to join (default: title, description, …, if present)."
        ),
        Excludes("--template"),
        CommandLineType(list[str] | None, None, _columns),
    ] = ()
    template: Annotated[
        str | None, typer.Option("--template", metavar="TEXT", help='Text built from columns: "{title} by {brand}".')
    ] = None
    encoder: Annotated[
        str | OpenEncoder,
        typer.Option(
            "--encoder", "-e", metavar="SPEC", help="Encoder: minilm (offline), st:NAME, st:FOLDER or a plug-in."
        ),
        Reads(),
        CommandLineType(str, TEXT_ENCODER, str),
    ] = TEXT_ENCODER
    prefix: Annotated[
        str,
        typer.Option(
            "--prefix", metavar="TEXT", help='Text to put before each text, if the model expects it ("passage: ").'
        ),
    ] = ""
    into: Annotated[str, typer.Option("--into", metavar="NAME", help="Name of the new column.")] = "text_embedding"
    batch_size: BatchSize = 32


@dataclass(frozen=True, kw_only=True)
class TextEmbeddingOptions(EmbeddingOptions, TextEncoderOptions):
    """The options of both."""

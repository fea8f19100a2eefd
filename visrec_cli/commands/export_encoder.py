"""``visrec export-encoder``."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import DestinationWithoutRejects
from visrec_cli.options.export_encoder import ExportOptions
from visrec_cli.options.files import Reads, Writes
from visrec_cli.runtime.display import sized

if TYPE_CHECKING:
    from visrec_cli.stages.export_encoder import Exported


@dataclass(frozen=True)
class ExportEncoderArguments:
    """The encoder."""

    encoder: Annotated[
        str,
        typer.Argument(
            metavar="SPEC", help="Encoder: lite0, timm:NAME or file:MODEL.safetensors (visrec train-encoder)."
        ),
        Reads(),
    ]


@dataclass(frozen=True, kw_only=True)
class ModelFile(DestinationWithoutRejects):
    """Where the model goes: always to a file, in one format."""

    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="ONNX file to write."), Writes("a model in ONNX")
    ] = field()  # without a default, unlike in DestinationWithoutRejects
    format: str | None = None


def run(given: Given) -> None:
    """Export a picture encoder to one self-contained ONNX file, and check it.

    embed-images --encoder onnx:FILE runs it without torch and without the original model. So does any other ONNX
    runtime: the input is pixels (n, height, width, 3) in bytes, the output vectors and classes. The command prints
    the speed on one thread, the cosine to the original vectors, and how many of the ten nearest neighbours are the
    same. --int8 makes another vector space: embed the catalogue and the queries with the same file.

    Examples:

        visrec export-encoder lite0 -o lite0.onnx

        visrec export-encoder lite0 --int8 --calibrate imgs --sample 40 -o small.onnx
    """
    from visrec_cli.commands.runner import new_report, progress, summarise
    from visrec_cli.stages.export_encoder import export_encoder

    to, report = given.of(ModelFile), new_report()
    with progress(report, to.quiet):
        found = export_encoder(given["encoder"], to.output, given.of(ExportOptions), report=report)
    print("\n".join(lines(found)))
    if not to.quiet:
        summarise(report, 1, "models", to.output)


command = command_of(run, ExportEncoderArguments, ExportOptions, ModelFile)


def lines(found: "list[Exported]") -> list[str]:
    """The table that is printed."""
    head = f"{'':<14}{'size':>9}{'ms/picture':>12}{'speed':>8}{'cosine':>10}{'worst':>9}{'ten nearest':>13}  beside"
    rows = [
        f"{one.name:<14}{sized(one.size):>9}{1000 * one.seconds:>12.1f}{found[0].seconds / one.seconds:>7.2f}×"
        f"{one.cosine:>10.5f}{one.worst:>9.4f}{100 * one.agreement:>12.1f}%  {one.beside}"
        for one in found
    ]
    return [head, *rows]

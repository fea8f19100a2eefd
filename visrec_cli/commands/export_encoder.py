"""``visrec export-encoder``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.requirements import Needs, NeedsInput
from visrec_cli.options.shared import IdColumn, ImageColumn, Quiet
from visrec_cli.runtime.display import sized

if TYPE_CHECKING:
    from visrec_cli.stages.export_encoder import Exported

_PICTURES = Needs("--calibrate")
_TABLE = NeedsInput("a table: a folder names its pictures itself")


def command(
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="SPEC", help="Encoder: lite0, timm:NAME or file:MODEL.safetensors (visrec train-encoder)."
        ),
        Reads(),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="ONNX file to write."), Writes("a model in ONNX")
    ] = ...,  # type: ignore[assignment]
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="Format of the model; only onnx.")] = "onnx",
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Quantise to 8-bit integers: a quarter of the size, another vector space."),
        Needs(
            "--calibrate", fix="--calibrate FOLDER, or a table with pictures: quantisation needs the range of values"
        ),
    ] = False,
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate", metavar="TABLE|FOLDER", help="Typical pictures, to calibrate --int8 and compare vectors."
        ),
        Reads(),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=1, help="Number of pictures to use of --calibrate."), _PICTURES
    ] = 256,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Random seed of the sample."), _PICTURES] = 0,
    image_column: Annotated[ImageColumn, _PICTURES, _TABLE] = None,
    id_column: Annotated[IdColumn, _PICTURES, _TABLE] = None,
    quiet: Quiet = False,
) -> None:
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

    report = new_report()
    with progress(report, quiet):
        found = export_encoder(
            encoder, output, to=to, int8=int8, calibrate=calibrate, sample=sample, seed=seed,
            image_column=image_column, id_column=id_column, report=report,
        )  # fmt: skip
    print("\n".join(lines(found)))
    if not quiet:
        summarise(report, 1, "models", output)


def lines(found: "list[Exported]") -> list[str]:
    """The table that is printed."""
    head = f"{'':<14}{'size':>9}{'ms/picture':>12}{'speed':>8}{'cosine':>10}{'worst':>9}{'ten nearest':>13}  beside"
    rows = [
        f"{one.name:<14}{sized(one.size):>9}{1000 * one.seconds:>12.1f}{found[0].seconds / one.seconds:>7.2f}×"
        f"{one.cosine:>10.5f}{one.worst:>9.4f}{100 * one.agreement:>12.1f}%  {one.beside}"
        for one in found
    ]
    return [head, *rows]

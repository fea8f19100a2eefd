"""``visrec export-encoder``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.file_options import Reads, Writes
from visrec_cli.commands.option_requirements import Needs, NeedsInput
from visrec_cli.commands.options import IdColumn, ImageColumn, Quiet
from visrec_cli.runtime.display import sized

if TYPE_CHECKING:
    from visrec_cli.stages.export_encoder import Exported

_PICTURES = Needs("--calibrate")
_TABLE = NeedsInput("a table: a folder names its pictures itself")


def command(
    encoder: Annotated[
        str,
        typer.Argument(metavar="SPEC", help="lite0, timm:NAME, or file:MODEL.safetensors (visrec train-encoder)."),
        Reads(),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write the model."), Writes("a model in ONNX")
    ] = ...,  # type: ignore[assignment]
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="onnx, the only one by now.")] = "onnx",
    int8: Annotated[
        bool,
        typer.Option("--int8", help="In whole numbers of 8 bits: a quarter of the size, another space."),
        Needs(
            "--calibrate", fix="--calibrate FOLDER, or a table with pictures: they show how large the numbers become"
        ),
    ] = False,
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate", metavar="TABLE|FOLDER", help="Pictures like those to come: for --int8, and to compare with."
        ),
        Reads(),
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=1, help="How many of them are looked at."), _PICTURES] = 256,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Which ones."), _PICTURES] = 0,
    image_column: Annotated[ImageColumn, _PICTURES, _TABLE] = None,
    id_column: Annotated[IdColumn, _PICTURES, _TABLE] = None,
    quiet: Quiet = False,
) -> None:
    """Write a picture encoder as one ONNX file, checked, with all that is needed to use it inside.

    embed-images --encoder onnx:FILE runs it without torch, and without the model that it was made from; so does any
    other ONNX runtime: pixels (n, height, width, 3) in bytes, vectors and classes out. Printed is what it costs: speed
    on one thread, cosine to the plainer way's vectors, and how many of the ten nearest stay. --int8 makes another
    space: embed the catalogue and the queries with the same file.

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

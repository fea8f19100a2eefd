"""``visrec train-encoder``."""

from typing import Annotated

import typer

from visrec_cli.commands.interaction_options import cleaning_of, columns_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads, Writes
from visrec_cli.options.logs import ItemColumn, MinWeight, UserColumn, WeightColumn
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput
from visrec_cli.options.shared import (
    Device,
    IdColumn,
    ImageColumn,
    Quiet,
    Rejects,
    Resume,
    SaveCheckpoint,
    Source,
    Strict,
    Threads,
    TrainingLog,
)
from visrec_cli.registry import IMAGE_ENCODER
from visrec_cli.runtime.report import Report

_LOG = Needs("--target clicks:LOG|preference:LOG")
_TABLE = NeedsInput("a table: a folder names its pictures itself")


def command(
    source: Source = "-",
    target: Annotated[
        str,
        typer.Option(
            "--target",
            "-t",
            metavar="WHAT",
            help="Target: labels:COLUMN (or labels:category,colour), clicks:LOG, duplicates, preference:LOG or self.",
        ),
        Reads(),
    ] = ...,  # type: ignore[assignment]
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Model file to write, ending in .safetensors."),
        Writes("an encoder"),
    ] = ...,  # type: ignore[assignment]
    backbone: Annotated[
        str,
        typer.Option(
            "--backbone",
            "-b",
            metavar="SPEC",
            help="Model to start from: lite0 (offline), timm:NAME or file:MODEL.safetensors.",
        ),
        Reads(),
    ] = IMAGE_ENCODER,
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss", metavar="NAME", help="Loss for labels: cross-entropy (predicts classes) or contrast (similarity)."
        ),
        Needs("--target labels:COLUMN"),
    ] = None,
    pixels: Annotated[
        int | None,
        typer.Option("--pixels", metavar="N", min=32, help="Side of the pictures in pixels (default: the backbone's)."),
    ] = None,
    freeze: Annotated[
        str | None,
        typer.Option(
            "--freeze", metavar="N", help="Freeze the first N stages; 'all' trains only a head (default: all but two)."
        ),
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            "--augment", metavar="KINDS", help="Augmentations: flip, rotate, crop, colour; all; or none (self: all)."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Maximum number of epochs.")] = 10,
    rate: Annotated[
        float, typer.Option("--rate", help="Learning rate of the head, with warm-up and cosine decay.")
    ] = 1e-3,
    decay: Annotated[
        float,
        typer.Option("--layer-decay", help="Factor of the learning rate for each stage before the head."),
        Excludes("--freeze all"),
    ] = 0.7,
    batch_size: Annotated[int, typer.Option("--batch-size", min=2, help="Pictures per step.")] = 64,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="COLUMN", help="Column of train, validation and test (default: split, if present)."
        ),
    ] = None,
    validation: Annotated[
        float,
        typer.Option(
            "--validation", metavar="SHARE", help="Share to hold back for validation, if there is no such column."
        ),
        NeedsInput("a table without rows for validation in the column 'split'"),
    ] = 0.1,
    patience: Annotated[
        int,
        typer.Option("--patience", min=1, metavar="N", help="Stop after N epochs without improvement."),
        NeedsInput("held-back validation data"),
    ] = 5,
    log: Annotated[list[str] | None, *TrainingLog.__metadata__] = None,
    save_checkpoint: SaveCheckpoint = None,
    resume: Resume = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Random seed; with equal threads the same seed gives the same model.")
    ] = 0,
    device: Device = "auto",
    threads: Threads = None,
    user_column: Annotated[UserColumn, _LOG] = None,
    item_column: Annotated[ItemColumn, _LOG] = None,
    weight_column: Annotated[WeightColumn, _LOG] = None,
    min_weight: Annotated[MinWeight, _LOG] = None,
    image_column: Annotated[ImageColumn, _TABLE] = None,
    id_column: Annotated[IdColumn, _TABLE] = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Fine-tune a picture model on the catalogue, for embed-images --encoder file:MODEL.

    labels trains a classifier of a column, whose classes embed-images --labels K predicts; with --loss contrast it only
    moves pictures of the same label closer. duplicates and clicks move closer the duplicates (of visrec preprocess), or
    items clicked by the same users. preference learns the model together with a vector of each user's likes. self moves
    two views of a picture closer, for catalogues without labels.

    Without --augment the frozen stages are computed once, which makes training on a CPU several times faster. Pictures
    that cannot be read are rejected. The model contains no picture. How to choose a target, with results on real
    catalogues: docs/encoders.md

    Examples:

        visrec train-encoder items.csv --target labels:category --epochs 2 --pixels 96 -o model.safetensors

        visrec train-encoder items.csv -t labels:category --freeze all -o head.safetensors --log curves.csv

        visrec train-encoder items.csv -t clicks:clicks.csv --epochs 1 --pixels 96 -o taste.safetensors
    """
    from visrec_cli.commands.runner import run_work
    from visrec_cli.stages.train_encoder import train_encoder

    def work(report: Report) -> int:
        return train_encoder(
            source, output, target=target, backbone=backbone, loss=loss, pixels=pixels, freeze=freeze, augment=augment,
            epochs=epochs, rate=rate, decay=decay, batch_size=batch_size, split=split, validation=validation,
            patience=patience, seed=seed, device=device, threads=threads, log=log or (),
            save_checkpoint=save_checkpoint, resume=resume,
            columns=columns_of(user_column, item_column, weight_column, None, None),
            cleaning=cleaning_of(min_weight, None, None, None, 0), image_column=image_column, id_column=id_column,
            report=report,
        ).pictures  # fmt: skip

    run_work(work, Destination(output=output, rejects=rejects, strict=strict, quiet=quiet), noun="pictures")

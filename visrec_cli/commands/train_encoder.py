"""``visrec train-encoder``."""

from typing import Annotated

import typer

from visrec_cli.commands.file_options import Reads, Writes
from visrec_cli.commands.interaction_options import cleaning_of, columns_of
from visrec_cli.commands.option_requirements import Excludes, Needs, NeedsInput
from visrec_cli.commands.options import (
    Device,
    IdColumn,
    ImageColumn,
    ItemColumn,
    MinWeight,
    Quiet,
    Rejects,
    Resume,
    SaveCheckpoint,
    Source,
    Strict,
    Threads,
    TrainingLog,
    UserColumn,
    WeightColumn,
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
            help="labels:COLUMN (or several: labels:category,colour), clicks:LOG, duplicates, preference:LOG, self.",
        ),
        Reads(),
    ] = ...,  # type: ignore[assignment]
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write the model: a .safetensors file."),
        Writes("an encoder"),
    ] = ...,  # type: ignore[assignment]
    backbone: Annotated[
        str,
        typer.Option(
            "--backbone",
            "-b",
            metavar="SPEC",
            help="Where to begin: lite0 (offline), timm:NAME, file:MODEL.safetensors.",
        ),
        Reads(),
    ] = IMAGE_ENCODER,
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss", metavar="NAME", help="Of labels: cross-entropy, which names classes, or contrast, for neighbours."
        ),
        Needs("--target labels:COLUMN"),
    ] = None,
    pixels: Annotated[
        int | None,
        typer.Option("--pixels", metavar="N", min=32, help="Side of the pictures; by default the backbone's own."),
    ] = None,
    freeze: Annotated[
        str | None,
        typer.Option(
            "--freeze", metavar="N", help="The first N stages stay; 'all' trains a head only. Default: all but two."
        ),
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            "--augment", metavar="KINDS", help="Of flip, rotate, crop, colour; all; none. self has all by default."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Times through all pictures, at most.")] = 10,
    rate: Annotated[
        float, typer.Option("--rate", help="Learning rate of the head, warmed up, then down a cosine.")
    ] = 1e-3,
    decay: Annotated[
        float,
        typer.Option("--layer-decay", help="Each stage before the head learns slower by this factor."),
        Excludes("--freeze all"),
    ] = 0.7,
    batch_size: Annotated[int, typer.Option("--batch-size", min=2, help="Pictures per step.")] = 64,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="COLUMN", help="Of train, validation, test (default: split, if there is one)."),
    ] = None,
    validation: Annotated[
        float,
        typer.Option("--validation", metavar="SHARE", help="Held back to judge by, where no column says it."),
        NeedsInput("a table without rows for validation in the column 'split'"),
    ] = 0.1,
    patience: Annotated[
        int,
        typer.Option("--patience", min=1, help="Stop after so many epochs without a better one."),
        NeedsInput("something that is held back to judge by"),
    ] = 5,
    log: TrainingLog = None,
    save_checkpoint: SaveCheckpoint = None,
    resume: Resume = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed and number of threads, same model.")] = 0,
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
    """Fine-tune a picture model on the catalogue: a file that embed-images --encoder file:… uses.

    labels: a classifier of a column, whose classes embed-images --labels K then names; with --loss contrast pictures of
    one label only come nearer. duplicates, clicks: what is a duplicate (visrec preprocess), or was clicked by the same
    people, comes nearer. preference: the model and a vector of each user learn together what is liked. self: two views
    of one picture come nearer, for catalogues without labels.

    Without --augment the frozen stages are computed once, which makes training on a CPU several times faster. Pictures
    that cannot be read are rejects. Nothing of the pictures is written. Which target when, and what it brought on real
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

    run_work(work, output=output, rejects=rejects, strict=strict, quiet=quiet, noun="pictures")

"""``visrec train-encoder``."""

from dataclasses import dataclass, field
from typing import Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Writes
from visrec_cli.options.shared import Source
from visrec_cli.options.train_encoder import TrainEncoderOptions
from visrec_cli.runtime.report import Report


@dataclass(frozen=True)
class Pictured:
    """The items and their pictures."""

    source: Source = "-"


@dataclass(frozen=True, kw_only=True)
class EncoderFile(Destination):
    """Where the model goes: always to a file, in one format."""

    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Model file to write, ending in .safetensors."),
        Writes("an encoder"),
    ] = field()  # without a default, unlike in Destination
    format: str | None = None


def run(given: Given) -> None:
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

    to = given.of(EncoderFile)

    def work(report: Report) -> int:
        return train_encoder(given["source"], to.output, given.of(TrainEncoderOptions), report=report).pictures

    run_work(work, to, noun="pictures")


command = command_of(run, Pictured, TrainEncoderOptions, EncoderFile)

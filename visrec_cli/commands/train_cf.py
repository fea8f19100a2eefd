"""``visrec train-cf``."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.from_options import Given, command_of
from visrec_cli.options.destination import Destination
from visrec_cli.options.logs import LogFile
from visrec_cli.options.requirements import Excludes
from visrec_cli.options.shared import ModelFormat, ModelOutput
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa


def _list_models(wanted: bool) -> None:
    if wanted:
        from visrec_cli.commands.recommender_list import show_models

        show_models()
        raise typer.Exit


@dataclass(frozen=True)
class TrainCfArguments:
    """The log, and the list of recommenders that is shown instead."""

    source: LogFile = "-"
    models: Annotated[
        bool,
        typer.Option(
            "--models", callback=_list_models, is_eager=True, help="List all recommenders and their settings."
        ),
    ] = False


@dataclass(frozen=True)
class FirstRelease:
    """What --fit-on was called in the first release."""

    refit: Annotated[
        bool | None,
        typer.Option("--refit/--no-refit", help="Same as --fit-on known and --fit-on train."),
        Excludes("--fit-on", fix="--fit-on known or --fit-on train"),
    ] = None

    def applied_to(self, options: TrainCfOptions) -> TrainCfOptions:
        """The options with this one, which is never given beside --fit-on."""
        return replace(options, fit_on="train") if self.refit is False else options


@dataclass(frozen=True, kw_only=True)
class ModelTable(Destination):
    """Where the model goes."""

    output: ModelOutput = "-"
    format: ModelFormat = None


def run(given: Given) -> None:
    """Train a recommender on interactions, for every user and, with --items, for items without interactions.

    A column 'split' (visrec split) selects training and validation rows; test rows are never used. Without it, models
    that learn in epochs, and --tune, hold back a tenth. The number of epochs, and settings with --tune, are chosen on
    the validation part; then the model is fitted again with them on training and validation. --fit-on train fits on the
    training part only, as published protocols do. In both cases users are not recommended their items of either part.
    The model is a table, which recommend reads, and records how it was made.

    Choose als for clicks, ease for up to some 10,000 items, item-knn for a quick baseline, hybrid with --set exposure=1
    to recommend new items before anybody clicks them, als-explicit for ratings, and gru to predict the next item from
    the times of the log. List all of them with: visrec train-cf --models

    Examples:

        visrec train-cf clicks.csv -o model.arrow

        visrec train-cf ratings.csv --min-weight 4 --model ease --set reg=300 -o ease.arrow

        visrec train-cf clicks.csv --items items.arrow --model hybrid --set exposure=1 | visrec recommend - --all-users

        visrec train-cf clicks.csv --model bpr --set epochs=20 --tune 3 --log curves.csv -o bpr.arrow

        visrec split clicks.csv --validation 0.1 | visrec train-cf --fit-on train -o as-published.arrow
    """
    from visrec_cli.commands.runner import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.train_cf import train_cf

        options = given.of(FirstRelease).applied_to(given.of(TrainCfOptions))
        return train_cf(given["source"], options, report=report)

    run_stage(stage, given.of(ModelTable), noun="rows (users and items)")


command = command_of(run, TrainCfArguments, TrainCfOptions, FirstRelease, ModelTable)

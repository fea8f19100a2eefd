"""``visrec train-cf``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.interaction_options import Events, cleaning_of, columns_of
from visrec_cli.errors import UsageError
from visrec_cli.options.destination import Destination
from visrec_cli.options.files import Reads
from visrec_cli.options.logs import (
    EventColumn,
    HalfLife,
    ItemColumn,
    KCore,
    LogFile,
    MinWeight,
    NoHeader,
    Repeats,
    TimeColumn,
    UserColumn,
    WeightColumn,
)
from visrec_cli.options.parsers import settings_of, weights
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput
from visrec_cli.options.shared import (
    Device,
    IdColumn,
    ModelFormat,
    ModelOutput,
    Quiet,
    Rejects,
    Resume,
    SaveCheckpoint,
    Strict,
    TrainingLog,
)
from visrec_cli.runtime.report import Report

if TYPE_CHECKING:
    import pyarrow as pa

    from visrec_cli.recommenders.two_tower.private import Privacy

_EPOCHS = NeedsInput("a recommender that learns in epochs")


def _list_models(wanted: bool) -> None:
    if wanted:
        from visrec_cli.commands.recommender_list import show_models

        show_models()
        raise typer.Exit


def command(
    source: LogFile = "-",
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="Recommender to train; --models lists them.")
    ] = "als",
    items: Annotated[
        str | None,
        typer.Option(
            "--items",
            metavar="TABLE",
            help="Table of items: titles, prices, pictures, embeddings; also items without clicks.",
        ),
        Reads(),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="NAME=VALUE",
            help="Setting of the recommender; repeat, or separate with commas. 'auto' (see --models) fits the log.",
        ),
    ] = None,
    models: Annotated[
        bool,
        typer.Option(
            "--models", callback=_list_models, is_eager=True, help="List all recommenders and their settings."
        ),
    ] = False,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Embedding column to use, if there are several."),
        Needs("--items"),
        NeedsInput("a recommender that uses item features"),
    ] = None,
    tune: Annotated[
        int,
        typer.Option(
            "--tune",
            min=0,
            metavar="TRIALS",
            help="Search the settings that --set does not fix, with this many trials.",
        ),
        Excludes("--resume", "--private"),
        NeedsInput("settings that --set leaves open, and validation data"),
    ] = 0,
    fit_on: Annotated[
        str | None,
        typer.Option(
            "--fit-on",
            metavar="known|train",
            help="known (default): choose on validation, then fit on all known data; train: the training part only.",
        ),
        NeedsInput("held-back data, to leave out of the fit"),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            "--validation",
            metavar="SHARE",
            help="Share to hold back, if there is no column 'split' (default: 0.1 for models that learn in epochs, or "
            "with --tune).",
        ),
        Excludes("--private"),
        NeedsInput("a log without validation rows in a column 'split'"),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric", metavar="NAME", help="Validation metric: ndcg@10, recall@20 or rmse (default: by model)."
        ),
        Excludes("--private"),
        NeedsInput("validation data: a recommender that learns in epochs, --tune, or rows for validation"),
    ] = None,
    patience: Annotated[
        int,
        typer.Option(
            "--patience",
            min=1,
            metavar="N",
            help="Stop after N validations (of 20 to 39 in all) without improvement.",
        ),
        Excludes("--private"),
        NeedsInput("a recommender that learns in epochs, and validation data"),
    ] = 5,
    refit: Annotated[
        bool | None,
        typer.Option("--refit/--no-refit", help="Same as --fit-on known and --fit-on train."),
        Excludes("--fit-on", fix="--fit-on known or --fit-on train"),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option("--fold", metavar="N", help="Leave this fold out, if the log has a column 'fold'."),
        NeedsInput("a log with a column 'fold'"),
    ] = None,
    log: Annotated[TrainingLog, Excludes("--private"), _EPOCHS] = None,
    save_checkpoint: Annotated[SaveCheckpoint, Excludes("--private"), _EPOCHS] = None,
    resume: Annotated[Resume, Excludes("--private"), _EPOCHS] = None,
    private: Annotated[
        str | None,
        typer.Option(
            "--private", metavar="epsilon=E", help="Train with differential privacy per user; also epsilon=E,delta=D."
        ),
        Needs("--items", fix="--items TABLE, because the list of items in the log is private too"),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Random seed; with equal threads the same seed gives the same model.")
    ] = 0,
    device: Annotated[Device, NeedsInput("a recommender that can use another device than the CPU")] = "auto",
    user_column: UserColumn = None,
    item_column: ItemColumn = None,
    weight_column: WeightColumn = None,
    time_column: TimeColumn = None,
    event_column: EventColumn = None,
    no_header: NoHeader = False,
    min_weight: MinWeight = None,
    events: Events = None,
    repeats: Repeats = None,
    half_life: Annotated[HalfLife, Excludes("--private")] = None,
    k_core: Annotated[KCore, Excludes("--private")] = 0,
    id_column: Annotated[IdColumn, Needs("--items")] = None,
    output: ModelOutput = "-",
    format: ModelFormat = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
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

        return train_cf(
            source,
            model=model,
            items=items,
            settings=settings_of(set_ or []),
            column=column,
            columns=columns_of(user_column, item_column, weight_column, time_column, event_column, no_header),
            cleaning=cleaning_of(min_weight, events, repeats, half_life, k_core),
            validation=validation,
            metric=metric,
            patience=patience,
            fit_on=_fit_on(fit_on, refit),
            fold=fold,
            tune=tune,
            seed=seed,
            device=device,
            log=log or (),
            save_checkpoint=save_checkpoint,
            resume=resume,
            privacy=None if private is None else _privacy(private),
            id_column=id_column,
            report=report,
        )

    run_stage(
        stage,
        Destination(output=output, format=format, rejects=rejects, strict=strict, quiet=quiet),
        noun="rows (users and items)",
    )


def _fit_on(asked: str | None, refit: bool | None) -> str:
    """--fit-on, or what the first release called --refit and --no-refit; both are never given."""
    return asked or ("train" if refit is False else "known")


def _privacy(text: str) -> "Privacy":
    """``epsilon=4,delta=1e-5``. Raises UsageError for anything else."""
    from visrec_cli.recommenders.two_tower.private import Privacy

    given = weights(text, flag="--private", example="epsilon=4")
    if "epsilon" not in given or set(given) - {"epsilon", "delta"}:
        raise UsageError(f"--private {text} is neither epsilon=E nor epsilon=E,delta=D", fix="--private epsilon=4")
    return Privacy(given["epsilon"], given.get("delta"))

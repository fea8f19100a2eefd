"""``visrec train-cf``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.file_options import Reads
from visrec_cli.commands.interaction_options import cleaning_of, columns_of
from visrec_cli.commands.option_requirements import Excludes, Needs, NeedsInput
from visrec_cli.commands.options import (
    Device,
    EventColumn,
    Events,
    HalfLife,
    IdColumn,
    ItemColumn,
    KCore,
    LogFile,
    MinWeight,
    ModelFormat,
    ModelOutput,
    NoHeader,
    Quiet,
    Rejects,
    Repeats,
    Resume,
    SaveCheckpoint,
    Strict,
    TimeColumn,
    TrainingLog,
    UserColumn,
    WeightColumn,
)
from visrec_cli.commands.parsers import settings_of, weights
from visrec_cli.errors import UsageError
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
        str, typer.Option("--model", "-m", metavar="NAME", help="The recommender; --models lists them.")
    ] = "als",
    items: Annotated[
        str | None,
        typer.Option(
            "--items", metavar="TABLE", help="The items: titles, prices, pictures, embeddings. Needs no clicks."
        ),
        Reads(),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="NAME=VALUE",
            help="A setting of the recommender; repeat, or use commas. 'auto', where --models says it: by the log.",
        ),
    ] = None,
    models: Annotated[
        bool,
        typer.Option("--models", callback=_list_models, is_eager=True, help="List recommenders and their settings."),
    ] = False,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="The embedding column to look at, if there are several."),
        Needs("--items"),
        NeedsInput("a recommender that looks at the items"),
    ] = None,
    tune: Annotated[
        int,
        typer.Option("--tune", min=0, metavar="TRIALS", help="Search the settings that --set leaves open."),
        Excludes("--resume", "--private"),
        NeedsInput("settings that --set leaves open, and something to judge by"),
    ] = 0,
    fit_on: Annotated[
        str | None,
        typer.Option(
            "--fit-on",
            metavar="known|train",
            help="known (default): choose on the validation part, then fit on it too. train: the training part alone.",
        ),
        NeedsInput("something that is held back, to leave at the training part"),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            "--validation",
            metavar="SHARE",
            help="Hold this share back to judge by, where no column 'split' says what (default: 0.1, where of use).",
        ),
        Excludes("--private"),
        NeedsInput("a log that does not say itself, in a column 'split', what is for validation"),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="ndcg@10, recall@20 or rmse (default: by the model)."),
        Excludes("--private"),
        NeedsInput("something to judge by: a recommender that learns in epochs, --tune, or rows for validation"),
    ] = None,
    patience: Annotated[
        int,
        typer.Option("--patience", min=1, help="Stop after so many looks (20 to 39 in all) without a better epoch."),
        Excludes("--private"),
        NeedsInput("a recommender that learns in epochs, and something to judge by"),
    ] = 5,
    refit: Annotated[
        bool | None,
        typer.Option("--refit/--no-refit", help="The same as --fit-on known, --fit-on train."),
        Excludes("--fit-on", fix="--fit-on known or --fit-on train"),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option("--fold", metavar="N", help="Leave this fold out, where a column 'fold' numbers them."),
        NeedsInput("a log with a column 'fold'"),
    ] = None,
    log: Annotated[TrainingLog, Excludes("--private"), _EPOCHS] = None,
    save_checkpoint: Annotated[SaveCheckpoint, Excludes("--private"), _EPOCHS] = None,
    resume: Annotated[Resume, Excludes("--private"), _EPOCHS] = None,
    private: Annotated[
        str | None,
        typer.Option(
            "--private", metavar="epsilon=E", help="Differential privacy of each user; also epsilon=E,delta=D."
        ),
        Needs("--items", fix="--items TABLE: which items are in the log is a secret too"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed and number of threads, same model.")] = 0,
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
    """Learn from what people did: a model that recommends for every user, and with --items for items nobody clicked.

    A column 'split' (visrec split) says what is for training and validation; test rows are never looked at. Without
    it, models that learn in epochs hold a tenth back. Epochs, and settings with --tune, are chosen on the validation
    part; then the model is fitted again, with these, on all that is known. --fit-on train leaves it at the training
    part, as published protocols do. Both ways users are not recommended what they did in either part. The model is a
    table, which recommend reads, and says how it was made.

    Which one? als for clicks. ease up to some 10,000 items. item-knn for a first look. hybrid with --set exposure=1
    when new items must be recommended before anybody clicks them. als-explicit for ratings. gru for what comes next,
    by the times of the log. All of them: visrec train-cf --models

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
        stage, output=output, format=format, rejects=rejects, strict=strict, quiet=quiet, noun="rows (users and items)"
    )


def _fit_on(asked: str | None, refit: bool | None) -> str:
    """--fit-on, or what the first release called --refit and --no-refit; both are never given."""
    return asked or ("train" if refit is False else "known")


def _privacy(text: str) -> "Privacy":
    """``epsilon=4,delta=1e-5``. Raises UsageError for anything else."""
    from visrec_cli.recommenders.two_tower.private import Privacy

    told = weights(text, flag="--private", example="epsilon=4")
    if "epsilon" not in told or set(told) - {"epsilon", "delta"}:
        raise UsageError(f"--private {text} does not say epsilon=E, or more than that and delta=D", fix="epsilon=4")
    return Privacy(told["epsilon"], told.get("delta"))

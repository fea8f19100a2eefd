"""Options of ``train-cf``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from visrec_cli.errors import UsageError, unknown
from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.logs import Cleaning, Columns, HalfLife, KCore
from visrec_cli.options.parsers import settings_of
from visrec_cli.options.privacy import Privacy, privacy_of
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput
from visrec_cli.options.shared import Device, IdColumn, Resume, SaveCheckpoint, TrainingLog
from visrec_cli.options.types import Tabular

FIT_ON = ("known", "train")

_EPOCHS = NeedsInput("a recommender that learns in epochs")


def _fit_on(text: str | None) -> str:
    return text or FIT_ON[0]


@dataclass(frozen=True)
class TrainingCleaning(Cleaning):
    """Cleaning of a log that is learned from: with privacy, no row decides about another's."""

    half_life: Annotated[HalfLife, Excludes("--private")] = None
    k_core: Annotated[KCore, Excludes("--private")] = 0


@dataclass(frozen=True, kw_only=True)
class TrainCfOptions:
    """What is trained, on which part of a log, and how it is judged.

    Attributes
    ----------
    model : str, default="als"
        A recommender of the registry.
    items : Tabular | None, default=None
        Table of the items. Recommenders that use item features take an embedding column of it; all columns but vectors
        and stored pictures go into the model, also of items without interactions.
    settings : Mapping[str, Any] | None, default=None
        Settings of the recommender, by name; its defaults for all others.
    column : str | None, default=None
        Embedding column of ``items``, if there are several.
    tune : int, default=0
        Trials of a search for the settings that ``settings`` leaves open, on the validation part.
    fit_on : str, default="known"
        ``known`` fits again, with what was chosen on validation, on training and validation rows; ``train`` only on
        training rows, as published protocols do. With both, users are not recommended their items of either part.
    validation : float | None, default=None
        Share of each user's interactions to hold back where the log has no validation rows, from 0 to below 1. None:
        0.1 for recommenders that learn in epochs and with ``tune``, otherwise 0.
    metric : str | None, default=None
        Validation metric, as ``ndcg@10`` or ``rmse``. None: ``rmse`` for recommenders that predict ratings, ``ndcg@10``
        for all others.
    patience : int, default=5
        Validations without improvement after which training stops, 1 or more.
    fold : int | None, default=None
        Value of the log's column ``fold`` whose rows are left out.
    log : Sequence[str], default=()
        Files for loss and validation per epoch: tables or plots, by their endings.
    save_checkpoint : str | None, default=None
        File for the state of training.
    resume : str | None, default=None
        Checkpoint from which training continues.
    privacy : Privacy | None, default=None
        Train with differential privacy; needs ``items``.
    seed : int, default=0
        Random seed; with equal threads the same seed gives the same model.
    device : str, default="auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    columns : Columns, default=Columns()
        Names of the log's columns, where they are not usual.
    cleaning : Cleaning, default=Cleaning()
        How the log is cleaned.
    id_column : str | None, default=None
        Column of ``items`` with their ids.
    """

    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME", help="Recommender to train; --models lists them.")
    ] = "als"
    items: Annotated[
        Tabular | None,
        typer.Option(
            "--items",
            metavar="TABLE",
            help="Table of items: titles, prices, pictures, embeddings; also items without clicks.",
        ),
        Reads(),
    ] = None
    settings: Annotated[
        Mapping[str, Any] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="NAME=VALUE",
            help="Setting of the recommender; repeat, or separate with commas. 'auto' (see --models) fits the log.",
        ),
        CommandLineType(list[str] | None, None, settings_of),
    ] = None
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Embedding column to use, if there are several."),
        Needs("--items"),
        NeedsInput("a recommender that uses item features"),
    ] = None
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
    ] = 0
    fit_on: Annotated[
        str,
        typer.Option(
            "--fit-on",
            metavar="known|train",
            help="known (default): choose on validation, then fit on all known data; train: the training part only.",
        ),
        NeedsInput("held-back data, to leave out of the fit"),
        CommandLineType(str | None, None, _fit_on),
    ] = "known"
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
    ] = None
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric", metavar="NAME", help="Validation metric: ndcg@10, recall@20 or rmse (default: by model)."
        ),
        Excludes("--private"),
        NeedsInput("validation data: a recommender that learns in epochs, --tune, or rows for validation"),
    ] = None
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
    ] = 5
    fold: Annotated[
        int | None,
        typer.Option("--fold", metavar="N", help="Leave this fold out, if the log has a column 'fold'."),
        NeedsInput("a log with a column 'fold'"),
    ] = None
    log: Annotated[TrainingLog, Excludes("--private"), _EPOCHS] = ()
    save_checkpoint: Annotated[SaveCheckpoint, Excludes("--private"), _EPOCHS] = None
    resume: Annotated[Resume, Excludes("--private"), _EPOCHS] = None
    privacy: Annotated[
        Privacy | None,
        typer.Option(
            "--private", metavar="epsilon=E", help="Train with differential privacy per user; also epsilon=E,delta=D."
        ),
        Needs("--items", fix="--items TABLE, because the list of items in the log is private too"),
        CommandLineType(str | None, None, privacy_of),
    ] = None
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Random seed; with equal threads the same seed gives the same model.")
    ] = 0
    device: Annotated[Device, NeedsInput("a recommender that can use another device than the CPU")] = "auto"
    columns: Columns = field(default_factory=Columns)
    cleaning: TrainingCleaning = field(default_factory=TrainingCleaning)
    id_column: Annotated[IdColumn, Needs("--items")] = None

    def __post_init__(self) -> None:
        if self.fit_on not in FIT_ON:
            raise unknown("part to fit on", self.fit_on, list(FIT_ON))
        if self.validation is not None and not 0 <= self.validation < 1:
            raise UsageError(f"--validation {self.validation} is not a share", fix="--validation 0.1")

"""Options of ``train-encoder``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer

from visrec_cli.errors import UsageError, unknown
from visrec_cli.options.classes import CommandLineType
from visrec_cli.options.files import Reads
from visrec_cli.options.logs import Cleaning, Columns, ItemColumn, MinWeight, UserColumn, WeightColumn
from visrec_cli.options.requirements import Excludes, Needs, NeedsInput
from visrec_cli.options.shared import Device, IdColumn, ImageColumn, Resume, SaveCheckpoint, Threads, TrainingLog
from visrec_cli.registry import IMAGE_ENCODER

TARGETS: Mapping[str, str] = {
    "labels": "labels:category",
    "duplicates": "duplicates",
    "clicks": "clicks:clicks.csv",
    "preference": "preference:clicks.csv",
    "self": "self",
}
"""By kind of target, an example; those with a colon need a name behind it."""

LOSSES = ("cross-entropy", "contrast")

_LOG = Needs("--target clicks:LOG|preference:LOG")
_TABLE = NeedsInput("a table: a folder names its pictures itself")


@dataclass(frozen=True)
class ClickColumns(Columns):
    """Names of the columns of the log that a target names."""

    user: Annotated[UserColumn, _LOG] = None
    item: Annotated[ItemColumn, _LOG] = None
    weight: Annotated[WeightColumn, _LOG] = None
    time: str | None = None
    event: str | None = None
    header: bool = True


@dataclass(frozen=True)
class ClickCleaning(Cleaning):
    """How the log that a target names is cleaned."""

    events: Mapping[str, float] = field(default_factory=dict)
    repeats: str | None = None
    min_weight: Annotated[MinWeight, _LOG] = None
    half_life: float | None = None
    k_core: int = 0


@dataclass(frozen=True, kw_only=True)
class TrainEncoderOptions:
    """What a picture model learns from which pictures, and how.

    Attributes
    ----------
    target : str
        ``labels:COLUMN`` or ``labels:COLUMN,COLUMN``, ``clicks:LOG``, ``duplicates`` (the column ``duplicate_of`` of
        ``preprocess``), ``preference:LOG`` or ``self``.
    backbone : str, default=IMAGE_ENCODER
        Model to start from: ``lite0``, ``timm:NAME`` or ``file:MODEL.safetensors``.
    loss : str | None, default=None
        Of labels: ``cross-entropy`` or ``contrast``. None: ``cross-entropy``.
    pixels : int | None, default=None
        Side of the pictures. None: the backbone's.
    freeze : str | int | None, default=None
        How many stages stay as they are, or ``all``. None: all but the last two.
    augment : str | None, default=None
        Of ``flip``, ``rotate``, ``crop`` and ``colour``, separated by commas; ``all`` or ``none``. Without augmentation
        the frozen stages are computed once, and not in every epoch. None: ``all`` for ``self``, otherwise ``none``.
    epochs : int, default=10
        Most epochs, 1 or more.
    rate : float, default=1e-3
        Learning rate of the head, above 0.
    decay : float, default=0.7
        Factor of the learning rate for each stage before the head, above 0 and at most 1.
    batch_size : int, default=64
        Pictures per step, 2 or more.
    split : str | None, default=None
        Column that says train, validation and test. None: ``split``, if there is one.
    validation : float, default=0.1
        Share to hold back where that column has no validation items, from 0 to below 1.
    patience : int, default=5
        Epochs without improvement after which training stops, 1 or more.
    log : Sequence[str], default=()
        Files for loss and validation per epoch: tables or plots, by their endings.
    save_checkpoint : str | None, default=None
        File for the state of training.
    resume : str | None, default=None
        Checkpoint from which training continues.
    seed : int, default=0
        Random seed; with equal threads the same seed gives the same model.
    device : str, default="auto"
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    threads : int | None, default=None
        Number of threads. None: one per usable core.
    columns : Columns, default=Columns()
        Names of the log's columns, where they are not usual.
    cleaning : Cleaning, default=Cleaning()
        How the log is cleaned.
    image_column : str | None, default=None
        Column of pictures or paths, where its name is not usual.
    id_column : str | None, default=None
        Column with the ids of the items.

    Raises
    ------
    UsageError
        For an unknown or incomplete target, a loss that it does not have, and numbers out of range.
    """

    target: Annotated[
        str,
        typer.Option(
            "--target",
            "-t",
            metavar="WHAT",
            help="Target: labels:COLUMN (or labels:category,colour), clicks:LOG, duplicates, preference:LOG or self.",
        ),
        Reads(),
    ]
    backbone: Annotated[
        str,
        typer.Option(
            "--backbone",
            "-b",
            metavar="SPEC",
            help="Model to start from: lite0 (offline), timm:NAME or file:MODEL.safetensors.",
        ),
        Reads(),
    ] = IMAGE_ENCODER
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss", metavar="NAME", help="Loss for labels: cross-entropy (predicts classes) or contrast (similarity)."
        ),
        Needs("--target labels:COLUMN"),
    ] = None
    pixels: Annotated[
        int | None,
        typer.Option("--pixels", metavar="N", min=32, help="Side of the pictures in pixels (default: the backbone's)."),
    ] = None
    freeze: Annotated[
        str | int | None,
        typer.Option(
            "--freeze", metavar="N", help="Freeze the first N stages; 'all' trains only a head (default: all but two)."
        ),
        CommandLineType(str | None, None, lambda value: value),
    ] = None
    augment: Annotated[
        str | None,
        typer.Option(
            "--augment", metavar="KINDS", help="Augmentations: flip, rotate, crop, colour; all; or none (self: all)."
        ),
    ] = None
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Maximum number of epochs.")] = 10
    rate: Annotated[float, typer.Option("--rate", help="Learning rate of the head, with warm-up and cosine decay.")] = (
        1e-3
    )
    decay: Annotated[
        float,
        typer.Option("--layer-decay", help="Factor of the learning rate for each stage before the head."),
        Excludes("--freeze all"),
    ] = 0.7
    batch_size: Annotated[int, typer.Option("--batch-size", min=2, help="Pictures per step.")] = 64
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="COLUMN", help="Column of train, validation and test (default: split, if present)."
        ),
    ] = None
    validation: Annotated[
        float,
        typer.Option(
            "--validation", metavar="SHARE", help="Share to hold back for validation, if there is no such column."
        ),
        NeedsInput("a table without rows for validation in the column 'split'"),
    ] = 0.1
    patience: Annotated[
        int,
        typer.Option("--patience", min=1, metavar="N", help="Stop after N epochs without improvement."),
        NeedsInput("held-back validation data"),
    ] = 5
    log: TrainingLog = ()
    save_checkpoint: SaveCheckpoint = None
    resume: Resume = None
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Random seed; with equal threads the same seed gives the same model.")
    ] = 0
    device: Device = "auto"
    threads: Threads = None
    columns: ClickColumns = field(default_factory=ClickColumns)
    cleaning: ClickCleaning = field(default_factory=ClickCleaning)
    image_column: Annotated[ImageColumn, _TABLE] = None
    id_column: Annotated[IdColumn, _TABLE] = None

    def __post_init__(self) -> None:
        self._check_target()
        if not 0 <= self.validation < 1:
            raise UsageError(f"--validation {self.validation} is not a share", fix="--validation 0.1")
        if self.epochs < 1 or self.batch_size < 2 or not self.rate > 0 or not 0 < self.decay <= 1:
            raise UsageError(
                "--epochs must be 1 or more, --batch-size 2 or more, --rate above 0, --layer-decay above 0 and at most "
                "1",
                fix="--epochs 10 --batch-size 64 --rate 0.001 --layer-decay 0.7",
            )

    @property
    def target_kind(self) -> str:
        """One of TARGETS."""
        return self.target.partition(":")[0]

    @property
    def target_name(self) -> str:
        """What stands behind the kind: columns or a log; empty where a kind takes none."""
        return self.target.partition(":")[2]

    def _check_target(self) -> None:
        kind, name = self.target_kind, self.target_name
        if kind not in TARGETS:
            fix = "labels:COLUMN, clicks:LOG, duplicates, preference:LOG or self"
            raise unknown("target", kind, list(TARGETS), fix=fix)
        if bool(name) != (":" in TARGETS[kind]):
            words = f"--target {kind} takes no name" if name else f"--target {self.target} is incomplete"
            raise UsageError(words, fix=f"--target {TARGETS[kind]}")
        if self.loss is not None and (self.loss not in LOSSES or kind != "labels"):
            known = self.loss in LOSSES
            raise UsageError(
                f"--target {kind} has a loss of its own" if known else f"--loss {self.loss} is for no target",
                fix=f"--target labels:COLUMN --loss {' or '.join(LOSSES)}",
            )

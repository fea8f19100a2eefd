"""``train-encoder``: a picture model fine-tuned on the catalogue, as one file."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from visrec_cli import __version__
from visrec_cli.embedding.framed_pictures import Pictures
from visrec_cli.encoders.finetuning.augmentations import STRONG, kinds_of
from visrec_cli.encoders.finetuning.backbones import open_backbone
from visrec_cli.encoders.finetuning.frozen_stages import frozen_count, stages_of
from visrec_cli.encoders.finetuning.learning_schedule import Schedule
from visrec_cli.encoders.finetuning.model_file import require_classifier, save_model
from visrec_cli.encoders.finetuning.trainer import EncoderTrainer
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.pictures import picture_columns
from visrec_cli.items.source import open_items
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.train_encoder import TrainEncoderOptions
from visrec_cli.runtime.device import pick_device
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_encoder.item_holdout import item_parts
from visrec_cli.stages.train_encoder.resume import continued
from visrec_cli.stages.train_encoder.target_spec import open_target
from visrec_cli.stages.train_encoder.training_targets import LabelTarget
from visrec_cli.tables.atomic import check_place
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.training.callbacks import TrainingMonitor
from visrec_cli.training.curve_files import check_log, write_log

FEWEST = 8
"""Pictures below which nothing worth keeping is learned."""


@dataclass(frozen=True)
class Trained:
    """What came out of a training.

    Attributes
    ----------
    pictures : int
        Number of pictures that were learned from.
    epochs : int
        The best epoch, from 1; without validation the last.
    metric : str
        Name of the validation metric.
    value : float | None
        Its value after that epoch; None without validation.
    """

    pictures: int
    epochs: int
    metric: str
    value: float | None


@dataclass(frozen=True)
class _More:
    """More is better."""

    name: str
    worst: float = -np.inf

    def better(self, new: float, old: float) -> bool:
        return new > old


class _Judge:
    """Asks the learner itself, who has the pictures that are held back."""

    def __init__(self, metric: str) -> None:
        self.measure = _More(metric)

    def score(self, model: EncoderTrainer) -> float:
        return model.score()


@takes(TrainEncoderOptions)
def train_encoder(
    source: Tabular,
    output: str | Path,
    options: TrainEncoderOptions | None = None,
    *,
    report: Report | None = None,
    **named: Any,
) -> Trained:
    """Fine-tune a picture model on the pictures of a table or folder.

    Parameters
    ----------
    source : Tabular
        Table of items, or folder or archive of pictures.
    output : str | Path
        Model file to write, ending in ``.safetensors``; it holds no picture.
    options : TrainEncoderOptions | None, default=None
        What to learn and how.
    report : Report | None, default=None
        Takes notes, counts and rejects.
    **named : Any
        Fields of TrainEncoderOptions, instead of those of ``options``.

    Returns
    -------
    Trained
        What came out.

    Raises
    ------
    UsageError
        For unknown names and options that do not go together.
    InputError
        For items that cannot be learned from.
    OutputError
        Before any work, for a file that cannot be written.
    DeviceMemoryError
        Where the device has too little memory for a step.
    """
    report, output = report or Report(), Path(output)
    options = options_of(TrainEncoderOptions, options, named)
    _check(source, output, options)
    kinds, place = kinds_of(options.augment), pick_device(options.device)
    if options.threads:
        import torch

        torch.set_num_threads(options.threads)
    table = open_items(source, id_column=options.id_column, report=report).read_all()
    pictured = picture_columns(table.schema, source, options.image_column)
    pictured.tell_first(table.schema, report)
    wanted = open_target(options, table, report)
    parts = item_parts(
        table, column=options.split, share=options.validation if wanted.holds_pictures else 0.0,
        together=wanted.together, seed=options.seed, report=report,
    )  # fmt: skip
    found = open_backbone(options.backbone, pixels=options.pixels)
    if isinstance(wanted, LabelTarget) and options.loss != "contrast":
        require_classifier(found)
    else:
        found.model.reset_classifier(0)
    sources = [one for batch in table.to_batches() for one in pictured.rows(batch)]
    pictures = Pictures(sources, found.framing, threads=options.threads)
    rows = np.concatenate(parts)
    rows = rows[wanted.wanted[rows]]
    rows = np.sort(rows[pictures.check(rows, report)])
    train, held = (rows[np.isin(rows, part)] for part in parts)
    if len(train) < FEWEST:
        raise InputError(
            f"only {counted(len(train), 'pictures')} can be used; at least {FEWEST} are needed",
            fix="--rejects FILE says which could not be used" if report.rejects else "give more items, with --target's",
        )
    objective = wanted.objective(train, held)
    report.line.require(objective.judges, "patience", "held-back validation data")
    freeze = frozen_count(len(stages_of(found.model)), options.freeze)
    schedule = Schedule(options.epochs, options.rate, options.decay, options.batch_size, freeze, kinds)
    settings = asdict(schedule) | {"pixels": found.framing.height, "loss": options.loss or "", "device": place.type}
    about: dict[str, Any] = {
        "backbone": f"{found.origin} {found.weights[:16]}", "target": wanted.words, "seed": options.seed,
        "settings": str(settings), "data": _digest(table, train, held, wanted.words),
    }  # fmt: skip
    at = None if options.resume is None else continued(Path(options.resume), about, options.epochs, report)
    facts = {} if at is None else at.facts
    callback = TrainingMonitor(
        report, _Judge(objective.metric) if objective.judges else None, patience=options.patience,
        save=Path(options.save_checkpoint) if options.save_checkpoint else None,
        resumed=at, about=about | {"facts": facts},
    )  # fmt: skip
    learner = EncoderTrainer(found, objective, pictures, schedule, device=place, seed=options.seed, tell=report.warn)
    learner.fit(callback)
    best = callback.best_epoch or len(callback.curve)
    value = round(float(callback.best), 6) if callback.best_epoch else None
    judged = {objective.metric: value} if value is not None else {}
    trained = {
        "from": found.origin, "weights": found.weights, "target": wanted.words, "pictures": len(train),
        "epochs": best, "freeze": freeze, "augment": ",".join(kinds or (STRONG if options.target == "self" else ())),
        "loss": options.loss or "", "rate": options.rate, "seed": options.seed, "version": __version__,
        "validation": judged, **facts,
    }  # fmt: skip
    save_model(
        output, replace(found, model=learner.network), classifier=learner.heads["0"] if wanted.classes else None,
        classes=wanted.classes, trained=trained,
    )  # fmt: skip
    for name in options.log:
        write_log(name, callback.curve, objective.metric, title=f"{found.origin}, {wanted.words}")
    _tell(report, objective.metric, value, best, wanted.classes)
    return Trained(len(train), best, objective.metric, value)


def _tell(report: Report, metric: str, value: float | None, best: int, classes: Sequence[str]) -> None:
    if classes:
        report.count("classes", len(classes))
    report.count("epochs", best)
    if value is not None:
        report.say(f"validation {metric} {value:.4f} after {counted(best, 'epochs')}")
    elif metric != "none":
        report.warn("no validation data: the last epoch was kept")


def _digest(table: Any, train: Any, held: Any, words: str) -> str:
    """A hash of what is learned from."""
    digest = hashlib.sha256(words.encode())
    ids = table["item_id"].to_pylist()
    for rows in (train, held):
        digest.update("\n".join(ids[row] for row in rows.tolist()).encode() + b"\0")
    for name in words.partition(":")[2].split(","):
        if name in table.column_names:
            digest.update(repr(table[name].to_pylist()).encode())
    return digest.hexdigest()[:16]


def _check(source: Tabular, output: Path, options: TrainEncoderOptions) -> None:
    """Refuse, before any work, files that cannot be written. Raises UsageError and OutputError."""
    if output.suffix != ".safetensors":
        raise UsageError(f"the output '{output}' is not a .safetensors file", fix="-o model.safetensors")
    if is_path(source) and Path(str(source)).is_file() and output.exists() and output.samefile(str(source)):
        raise UsageError("the output is the input", fix="-o model.safetensors")
    check_place(output)
    if options.save_checkpoint:
        check_place(Path(options.save_checkpoint))
    for name in options.log:
        check_log(name)

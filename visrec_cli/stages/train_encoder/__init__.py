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
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.registry import IMAGE_ENCODER
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
    """What came out. pictures: learned from. epochs: until the best. value: of ``metric`` then, None if not judged."""

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


def train_encoder(
    source: Tabular,
    output: str | Path,
    *,
    target: str,
    backbone: str = IMAGE_ENCODER,
    loss: str | None = None,
    pixels: int | None = None,
    freeze: str | int | None = None,
    augment: str | None = None,
    epochs: int = 10,
    rate: float = 1e-3,
    decay: float = 0.7,
    batch_size: int = 64,
    split: str | None = None,
    validation: float = 0.1,
    patience: int = 5,
    seed: int = 0,
    device: str = "auto",
    threads: int | None = None,
    log: Sequence[str] = (),
    save_checkpoint: str | None = None,
    resume: str | None = None,
    columns: Columns | None = None,
    cleaning: Cleaning | None = None,
    image_column: str | None = None,
    id_column: str | None = None,
    report: Report | None = None,
) -> Trained:
    """Fine-tune ``backbone`` on the pictures of a table or folder, and write it to ``output`` (safetensors).

    target: ``labels:COLUMN[,COLUMN]``, ``clicks:LOG``, ``duplicates``, ``preference:LOG`` or ``self``. loss: of labels,
    cross-entropy or contrast. pixels: of a side. freeze: how many stages stay, or ``all``; by default all but the last
    two. augment: of flip, rotate, crop, colour; without it frozen stages are computed once and not once an epoch. rate,
    decay, batch_size: see encoders.finetuning.learning_schedule.Schedule. split, validation: see item_holdout. columns,
    cleaning: of a log. log, save_checkpoint, resume: files, as for train_cf.

    Raises UsageError for unknown names and what contradicts itself, InputError for items that cannot be learned from,
    OutputError, at once, for a file that cannot be written, DeviceMemoryError.
    """
    import torch

    report, output = report or Report(), Path(output)
    _check(source, output, epochs, rate, decay, batch_size, validation)
    for path in (output, *(Path(name) for name in (save_checkpoint,) if name)):
        check_place(path)
    for name in log:
        check_log(name)
    kinds, place = kinds_of(augment), pick_device(device)
    if threads:
        torch.set_num_threads(threads)
    table = open_items(source, id_column=id_column, report=report).read_all()
    pictured = picture_columns(table.schema, source, image_column)
    pictured.tell_first(table.schema, report)
    wanted = open_target(
        target, table, loss=loss, columns=columns or Columns(), cleaning=cleaning or Cleaning(), share=validation,
        seed=seed, report=report,
    )  # fmt: skip
    parts = item_parts(
        table, column=split, share=validation if wanted.holds_pictures else 0.0, together=wanted.together, seed=seed,
        report=report,
    )  # fmt: skip
    found = open_backbone(backbone, pixels=pixels)
    if isinstance(wanted, LabelTarget) and loss != "contrast":
        require_classifier(found)
    else:
        found.model.reset_classifier(0)
    sources = [one for batch in table.to_batches() for one in pictured.rows(batch)]
    pictures = Pictures(sources, found.framing, threads=threads)
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
    schedule = Schedule(epochs, rate, decay, batch_size, frozen_count(len(stages_of(found.model)), freeze), kinds)
    settings = asdict(schedule) | {"pixels": found.framing.height, "loss": loss or "", "device": place.type}
    about: dict[str, Any] = {
        "backbone": f"{found.origin} {found.weights[:16]}", "target": wanted.words, "seed": seed,
        "settings": str(settings), "data": _digest(table, train, held, wanted.words),
    }  # fmt: skip
    at = None if resume is None else continued(Path(resume), about, epochs, report)
    facts = {} if at is None else at.facts
    callback = TrainingMonitor(
        report, _Judge(objective.metric) if objective.judges else None, patience=patience,
        save=Path(save_checkpoint) if save_checkpoint else None,
        resumed=at, about=about | {"facts": facts},
    )  # fmt: skip
    learner = EncoderTrainer(found, objective, pictures, schedule, device=place, seed=seed, tell=report.warn)
    learner.fit(callback)
    best = callback.best_epoch or len(callback.curve)
    value = round(float(callback.best), 6) if callback.best_epoch else None
    judged = {objective.metric: value} if value is not None else {}
    trained = {
        "from": found.origin, "weights": found.weights, "target": wanted.words, "pictures": len(train),
        "epochs": best, "freeze": schedule.freeze, "augment": ",".join(kinds or (STRONG if target == "self" else ())),
        "loss": loss or "", "rate": rate, "seed": seed, "version": __version__, "validation": judged, **facts,
    }  # fmt: skip
    save_model(
        output, replace(found, model=learner.network), classifier=learner.heads["0"] if wanted.classes else None,
        classes=wanted.classes, trained=trained,
    )  # fmt: skip
    for name in log:
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


def _check(
    source: Tabular, output: Path, epochs: int, rate: float, decay: float, batch_size: int, validation: float
) -> None:
    if output.suffix != ".safetensors":
        raise UsageError(f"the output '{output}' is not a .safetensors file", fix="-o model.safetensors")
    if not 0 <= validation < 1:
        raise UsageError(f"--validation {validation} is not a share", fix="--validation 0.1")
    if epochs < 1 or batch_size < 2 or not rate > 0 or not 0 < decay <= 1:
        raise UsageError(
            "--epochs must be 1 or more, --batch-size 2 or more, --rate above 0, --layer-decay above 0 and at most 1",
            fix="--epochs 10 --batch-size 64 --rate 0.001 --layer-decay 0.7",
        )
    if is_path(source) and Path(str(source)).is_file() and output.exists() and output.samefile(str(source)):
        raise UsageError("the output is the input", fix="-o model.safetensors")

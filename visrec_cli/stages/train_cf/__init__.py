"""``train-cf``: training of a recommender on interactions and item content."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli import __version__
from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.features import ItemFeatures, content_of, open_features
from visrec_cli.logs.audit import audit
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.exposures import with_known
from visrec_cli.logs.holdout import Parts, parts_of, within
from visrec_cli.logs.matrix import log_of
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.serialization import to_table
from visrec_cli.recommenders.two_tower.private import Privacy
from visrec_cli.registry import find, made_by
from visrec_cli.runtime.report import Report
from visrec_cli.runtime.settings import check_needs
from visrec_cli.stages.train_cf.option_checks import check_for_judging, check_for_recommender
from visrec_cli.stages.train_cf.plan import Plan, TrainingData
from visrec_cli.stages.train_cf.privacy import for_privacy, private_kind
from visrec_cli.stages.train_cf.training_run import TrainingRun
from visrec_cli.stages.train_cf.validation import Measure
from visrec_cli.tables.atomic import check_place
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.table_folders import is_folder_of_tables
from visrec_cli.tables.vectors import embedding_columns
from visrec_cli.training.curve_files import check_log, write_log


def train_cf(
    source: Tabular,
    *,
    model: str = "als",
    items: Tabular | None = None,
    settings: Mapping[str, Any] | None = None,
    column: str | None = None,
    columns: Columns | None = None,
    cleaning: Cleaning | None = None,
    validation: float | None = None,
    metric: str | None = None,
    patience: int = 5,
    fit_on: str = "known",
    fold: int | None = None,
    tune: int = 0,
    seed: int = 0,
    device: str = "auto",
    log: Sequence[str] = (),
    save_checkpoint: str | None = None,
    resume: str | None = None,
    privacy: Privacy | None = None,
    id_column: str | None = None,
    report: Report | None = None,
) -> pa.RecordBatchReader:
    """A model of the interactions in ``source``, as the table that ``recommend`` reads.

    model: a recommender of the catalogue; settings: its own. items: their table; recommenders that look at items take
    the embedding ``column``, and all item columns but vectors and stored pictures travel with the model. A column
    ``split`` says what is for training, validation and test (never looked at); without validation rows, a share
    ``validation`` of each user's interactions (None: a tenth, where judging is of use) is held back for early stopping
    and for ``tune`` trials. fit_on: ``known`` fits again, with what was chosen, on training and validation rows;
    ``train`` leaves it at the training rows, as published protocols do. Both know what users met in either, so that it
    is not recommended. metric: ``ndcg@10`` (``rmse`` for models of ratings).
    log: files for the curves. save_checkpoint, resume: files. privacy: see stages.train_cf.privacy.

    Returns entity, id, factors, bias, neighbours, history (those that the model has), and the item columns. Raises
    UsageError for unknown names and settings, InputError for logs or items that cannot be used, OutputError, at
    once, for a log or checkpoint that cannot be written.
    """
    report, cleaning = report or Report(), cleaning or Cleaning()
    kind: type[Recommender] = find("recommender", model)
    if privacy is not None:
        options = {"--tune": tune, "--log": log, "--save-checkpoint": save_checkpoint, "--resume": resume}
        options |= {"--validation": validation, "--k-core": cleaning.k_core, "--half-life": cleaning.half_life}
        kind, validation = private_kind(model, options), 0.0
        if items is None:
            raise UsageError(
                "--private needs the catalogue: the list of items in the log is private too", fix="--items items.arrow"
            )
    measure = Measure(metric or ("rmse" if kind.predicts_ratings else "ndcg@10"))
    plan = Plan(kind, dict(settings or {}), measure, seed, device, validation, patience, fit_on, tune, privacy)
    plan.make(plan.settings)  # refuse wrong settings before reading anything
    check_needs(kind.settings, plan.settings, {})
    _check(kind, source, items, tune, resume)
    files = {"--log": log, "--save-checkpoint": save_checkpoint, "--resume": resume}
    check_for_recommender(kind, files, report.line, device=device, column=column)
    for path in log:
        check_log(path)
    if save_checkpoint is not None:
        check_place(Path(save_checkpoint))
    use = Use("other" if kind.predicts_ratings else "likes", cleaning)
    table, notes = read_log(source, columns, use, report)
    parts = parts_of(table, fold=fold, report=report)
    features = None if items is None else open_features(items, id_column=id_column, report=report)
    if privacy is not None and features is not None:
        parts = for_privacy(parts, features.ids, fit_on, report)
    train, known = _cleaned(parts, plan, cleaning, report)
    audit(known if plan.fit_on == "known" else train, notes, items=None if features is None else features.table)
    learned = log_of(train, items=features.ids if features else ())
    if kind.needs_times and learned.times is None:
        raise InputError(
            f"{model} learns from the order in which things happened, and the log has no times",
            fix="name the column with --time-column, or take a model without an order, as als",
        )
    held, all_known = None, None
    if parts.validation is not None:
        later = replace(cleaning, k_core=0, half_life=None)
        held = within(clean(parts.validation, later, Report()), learned)
        if not held.matrix.nnz:
            raise InputError("no validation row is of a user and an item that training knows", fix="visrec split again")
        unmatched = parts.validation.num_rows - held.matrix.nnz
        report.count("validation interactions that training cannot know", unmatched)
        whole = log_of(known, items=features.ids if features else ())
        all_known = TrainingData(whole, _content(kind, features, whole, column, report))
    content = _content(kind, features, learned, column, Report() if all_known else report)
    check_needs(kind.settings, plan.settings, kind.inputs(learned, content))
    save, start = (None if name is None else Path(name) for name in (save_checkpoint, resume))
    run = TrainingRun(plan, learned, content, held, report, known=all_known, save=save, resume=start)
    check_for_judging(run.held_out.judged, report.line, metric=metric)
    fitted = run.run().with_facts(
        version=__version__, seed=seed, cleaning=asdict(cleaning), **made_by("recommender", model)
    )
    note = kind.new_items_note(fitted.settings)
    if note is not None and (fitted.items.known & ~run.fitted.touched).any():
        report.warn(f"{model}: {note}")
    if fitted.users.ids:
        users = with_known(fitted.users, fitted.items.ids, parts, cleaning, fit_on=fit_on)
        fitted = replace(fitted, users=users)
    report.count(f"interactions fitted{run.of_which}", int(run.fitted.matrix.nnz))
    for path in log:
        write_log(path, run.curve, measure.name, title=f"{model}: {measure.name} on the validation part")
    about = None if features is None else features.about_of(fitted.items.ids)
    return to_table(fitted, about, content.space if content else None).to_reader()


def _cleaned(parts: Parts, plan: Plan, cleaning: Cleaning, report: Report) -> tuple[pa.Table, pa.Table]:
    """The training rows, and with them those for validation; what is left out is counted where the model learns."""
    if parts.validation is None:
        train = clean(parts.train, cleaning, report)
        return train, train
    reports = (Report(), report) if plan.fit_on == "known" else (report, Report())
    train, known = (clean(rows, cleaning, r) for rows, r in zip((parts.train, parts.known), reports, strict=True))
    return train, known


def _content(
    kind: type[Recommender], features: ItemFeatures | None, log: Log, column: str | None, report: Report
) -> Content | None:
    """The vectors, for a recommender that looks at them."""
    if not (kind.uses_content or kind.needs_content) or features is None:
        return None
    if not kind.needs_content and column is None and not embedding_columns(features.table.schema):
        return None
    return content_of(features, log.items, column=column, report=report)


def _check(kind: type[Recommender], source: Tabular, items: Tabular | None, tune: int, resume: str | None) -> None:
    if kind.needs_content and items is None:
        raise UsageError(
            f"{kind.name} needs item features, and there are none",
            fix="--items items.arrow, with embeddings (visrec embed-images ./imgs -o items.arrow)",
        )
    if is_path(source) and str(source) == "-" and items is not None and is_path(items) and str(items) == "-":
        raise UsageError("stdin cannot be both the log and the items", fix="name one of the files")
    if is_path(source) and Path(source).is_dir() and not is_folder_of_tables(source):
        raise InputError(f"{source} is a folder; train-cf learns from a log", fix="visrec train-cf clicks.csv")
    if tune and resume is not None:
        raise UsageError("a search with --tune cannot be resumed", fix="leave out --resume or --tune")

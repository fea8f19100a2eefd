"""``train-cf``: training of a recommender on interactions and item content."""

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
from visrec_cli.options.classes import options_of, takes
from visrec_cli.options.train_cf import TrainCfOptions
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.serialization import to_table
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


@takes(TrainCfOptions)
def train_cf(
    source: Tabular, options: TrainCfOptions | None = None, *, report: Report | None = None, **named: Any
) -> pa.RecordBatchReader:
    """Train a recommender on a log of interactions.

    A column ``split`` says which rows are for training, validation and test; test rows are never looked at.

    Parameters
    ----------
    source : Tabular
        The log.
    options : TrainCfOptions | None, default=None
        What to train and how.
    report : Report | None, default=None
        Takes notes and counts.
    **named : Any
        Fields of TrainCfOptions, instead of those of ``options``.

    Returns
    -------
    pa.RecordBatchReader
        The model, as ``recommend`` reads it: entity, id, those of factors, bias, neighbours and history that the
        recommender has, and the columns of the items.

    Raises
    ------
    UsageError
        For unknown names and settings, and options that do not go together.
    InputError
        For a log or items that cannot be used.
    OutputError
        Before any work, for a log of epochs or a checkpoint that cannot be written.
    """
    report, options = report or Report(), options_of(TrainCfOptions, options, named)
    plan = _plan(options)
    options, kind, cleaning = plan.options, plan.kind, plan.options.cleaning
    _check(plan, source, report)
    table, notes = read_log(
        source, options.columns, Use("other" if kind.predicts_ratings else "likes", cleaning), report
    )
    parts = parts_of(table, fold=options.fold, report=report)
    features = None
    if options.items is not None:
        features = open_features(options.items, id_column=options.id_column, report=report)
    if options.privacy is not None and features is not None:
        parts = for_privacy(parts, features.ids, options.fit_on, report)
    train, known = _cleaned(parts, options, report)
    audit(known if options.fit_on == "known" else train, notes, items=None if features is None else features.table)
    learned = log_of(train, items=features.ids if features else ())
    if kind.needs_times and learned.times is None:
        raise InputError(
            f"{options.model} learns from the order in which things happened, and the log has no times",
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
        all_known = TrainingData(whole, _content(kind, features, whole, options.column, report))
    content = _content(kind, features, learned, options.column, Report() if all_known else report)
    check_needs(kind.settings, plan.settings, kind.inputs(learned, content))
    save, start = (None if name is None else Path(name) for name in (options.save_checkpoint, options.resume))
    run = TrainingRun(plan, learned, content, held, report, known=all_known, save=save, resume=start)
    check_for_judging(run.held_out.judged, report.line, metric=options.metric)
    fitted = run.run().with_facts(
        version=__version__, seed=options.seed, cleaning=asdict(cleaning), **made_by("recommender", options.model)
    )
    note = kind.new_items_note(fitted.settings)
    if note is not None and (fitted.items.known & ~run.fitted.touched).any():
        report.warn(f"{options.model}: {note}")
    if fitted.users.ids:
        users = with_known(fitted.users, fitted.items.ids, parts, cleaning, fit_on=options.fit_on)
        fitted = replace(fitted, users=users)
    report.count(f"interactions fitted{run.of_which}", int(run.fitted.matrix.nnz))
    metric = plan.measure.name
    for path in options.log:
        write_log(path, run.curve, metric, title=f"{options.model}: {metric} on the validation part")
    about = None if features is None else features.about_of(fitted.items.ids)
    return to_table(fitted, about, content.space if content else None).to_reader()


def _plan(options: TrainCfOptions) -> Plan:
    """The recommender and its metric, by name."""
    kind: type[Recommender] = find("recommender", options.model)
    if options.privacy is not None:
        kind, options = private_kind(options), replace(options, validation=0.0)
    return Plan(kind, Measure(options.metric or ("rmse" if kind.predicts_ratings else "ndcg@10")), options)


def _cleaned(parts: Parts, options: TrainCfOptions, report: Report) -> tuple[pa.Table, pa.Table]:
    """The training rows, and with them those for validation; what is left out is counted where the model learns."""
    if parts.validation is None:
        train = clean(parts.train, options.cleaning, report)
        return train, train
    reports = (Report(), report) if options.fit_on == "known" else (report, Report())
    train, known = (
        clean(rows, options.cleaning, r) for rows, r in zip((parts.train, parts.known), reports, strict=True)
    )
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


def _check(plan: Plan, source: Tabular, report: Report) -> None:
    """Refuse what cannot be used before anything is read. Raises as train_cf says."""
    kind, options, items = plan.kind, plan.options, plan.options.items
    plan.make(plan.settings)
    check_needs(kind.settings, plan.settings, {})
    if kind.needs_content and items is None:
        raise UsageError(
            f"{kind.name} needs item features, and there are none",
            fix="--items items.arrow, with embeddings (visrec embed-images ./imgs -o items.arrow)",
        )
    if is_path(source) and str(source) == "-" and items is not None and is_path(items) and str(items) == "-":
        raise UsageError("stdin cannot be both the log and the items", fix="name one of the files")
    if is_path(source) and Path(source).is_dir() and not is_folder_of_tables(source):
        raise InputError(f"{source} is a folder; train-cf learns from a log", fix="visrec train-cf clicks.csv")
    if options.tune and options.resume is not None:
        raise UsageError("a search with --tune cannot be resumed", fix="leave out --resume or --tune")
    check_for_recommender(kind, options, report.line)
    for path in options.log:
        check_log(path)
    if options.save_checkpoint is not None:
        check_place(Path(options.save_checkpoint))

"""``train-cf``: from what people did, and what the items look like, to a model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from visrec_cli import __version__
from visrec_cli.catalogue import find
from visrec_cli.errors import InputError, UsageProblem
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import Content, Log
from visrec_cli.recommenders.private import Privacy
from visrec_cli.recommenders.storing import to_table
from visrec_cli.runtime.reporting import Report
from visrec_cli.stages.behaviour.audit import audit
from visrec_cli.stages.behaviour.cleaning import Cleaning, clean
from visrec_cli.stages.behaviour.logs import log_of
from visrec_cli.stages.training.content import Shop, content_of, open_shop
from visrec_cli.stages.training.fitting import Fitting, Plan
from visrec_cli.stages.training.logs import check_log, write_log
from visrec_cli.stages.training.parts import Parts, parts_of, within
from visrec_cli.stages.training.privately import of_the_catalogue, private_kind
from visrec_cli.stages.training.seen import met, with_met
from visrec_cli.stages.training.validation import Measure
from visrec_cli.tables.atomic import check_place
from visrec_cli.tables.columns import embedding_columns
from visrec_cli.tables.interactions import Columns, open_interactions
from visrec_cli.tables.reading import Tabular, is_path


def train_cf(
    source: Tabular,
    *,
    model: str = "als",
    items: Tabular | None = None,
    settings: Mapping[str, Any] | None = None,
    column: str | None = None,
    columns: Columns | None = None,
    cleaning: Cleaning | None = None,
    validation: float = 0.1,
    metric: str | None = None,
    patience: int = 5,
    refit: bool | None = None,
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
    ``validation`` of each user's interactions is held back for early stopping and for ``tune`` trials, and afterwards
    (``refit``) the model is trained again on everything. metric: ``ndcg@10`` (``rmse`` for models of ratings).
    log: files for the curves. save_checkpoint, resume: files. privacy: see stages.training.privately.

    Returns entity, id, factors, bias, neighbours, history (those that the model has), and the item columns. Raises
    UsageProblem for unknown names and settings, InputError for logs or items that cannot be used, OutputError, at
    once, for a log or checkpoint that cannot be written.
    """
    report, cleaning = report or Report(), cleaning or Cleaning()
    kind: type[Recommender] = find("recommender", model)
    if privacy is not None:
        told = {"--tune": tune, "--log": log, "--save-checkpoint": save_checkpoint, "--resume": resume}
        kind = private_kind(model, told | {"--k-core": cleaning.k_core, "--half-life": cleaning.half_life})
        validation = 0
        if items is None:
            raise UsageProblem(
                "--private needs the catalogue: which items are in the log is a secret too", fix="--items items.arrow"
            )
    measure = Measure(metric or ("rmse" if kind.predicts_ratings else "ndcg@10"))
    plan = Plan(kind, dict(settings or {}), measure, seed, device, validation, patience, refit, tune, privacy)
    plan.make(plan.settings)  # refuse wrong settings before reading anything
    _check(kind, source, items, validation, tune, resume)
    for path in log:
        check_log(path)
    if save_checkpoint is not None:
        check_place(Path(save_checkpoint))
    parts = parts_of(open_interactions(source, columns or Columns(), report=report), fold=fold, report=report)
    shop = None if items is None else open_shop(items, id_column=id_column, report=report)
    train = clean(parts.train, cleaning, report)
    if privacy is not None and shop is not None:
        parts, train = Parts(parts.train, None), of_the_catalogue(train, shop.ids, report)
    audit(train, report, items=None if shop is None else shop.table)
    learned = log_of(train, items=shop.ids if shop else ())
    if kind.needs_times and learned.times is None:
        raise InputError(
            f"{model} learns from the order in which things happened, and the log has no times",
            fix="name the column with --time-column, or take a model without an order, as als",
        )
    held = None
    if parts.validation is not None:
        later = replace(cleaning, k_core=0, half_life=None)
        held = within(clean(parts.validation, later, Report()), learned)
        if not held.matrix.nnz:
            raise InputError("no validation row is of a user and an item that training knows", fix="visrec split again")
        strangers = parts.validation.num_rows - held.matrix.nnz
        report.count("validation interactions that training cannot know", strangers)
    content = _content(kind, shop, learned, column, report)
    save, start = (None if name is None else Path(name) for name in (save_checkpoint, resume))
    fitting = Fitting(plan, learned, content, held, report, save=save, resume=start)
    fitted = fitting.run().with_facts(version=__version__, seed=seed, cleaning=asdict(cleaning))
    every = met(parts.train, cleaning, learned)
    if every is not None and fitted.users.ids:
        fitted = replace(fitted, users=with_met(fitted.users, every))
    for path in log:
        write_log(path, fitting.curve, measure.name, title=f"{model}: {measure.name} on the validation part")
    about = None if shop is None else shop.about_of(fitted.items.ids)
    return to_table(fitted, about, content.space if content else None).to_reader()


def _content(
    kind: type[Recommender], shop: Shop | None, log: Log, column: str | None, report: Report
) -> Content | None:
    """The vectors, for a recommender that looks at them."""
    if not (kind.uses_content or kind.needs_content) or shop is None:
        return None
    if not kind.needs_content and column is None and not embedding_columns(shop.table.schema):
        return None
    return content_of(shop, log.items, column=column, report=report)


def _check(
    kind: type[Recommender], source: Tabular, items: Tabular | None, validation: float, tune: int, resume: str | None
) -> None:
    if kind.needs_content and items is None:
        raise UsageProblem(
            f"{kind.name} looks at the items, and there are none",
            fix="--items items.arrow, with embeddings (visrec embed-images ./imgs -o items.arrow)",
        )
    if is_path(source) and str(source) == "-" and items is not None and is_path(items) and str(items) == "-":
        raise UsageProblem("stdin cannot be both the log and the items", fix="name one of the files")
    if is_path(source) and str(source) != "-" and Path(source).is_dir():
        raise InputError(f"{source} is a folder; train-cf learns from a log", fix="visrec train-cf clicks.csv")
    if not 0 <= validation < 1:
        raise UsageProblem(f"--validation {validation} is no share", fix="--validation 0.1")
    if tune and resume is not None:
        raise UsageProblem("a search with --tune cannot be resumed", fix="leave out --resume or --tune")

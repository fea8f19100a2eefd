"""The training target that ``--target`` names."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.logs.audit import overview
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.holdout import held_back, parts_of
from visrec_cli.logs.matrix import log_of
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.train_encoder import LOSSES, TrainEncoderOptions
from visrec_cli.runtime.report import Report
from visrec_cli.stages.train_encoder.training_targets import (
    AloneTarget,
    ClickTarget,
    DuplicateTarget,
    LabelTarget,
    PreferenceTarget,
    TrainingTarget,
)
from visrec_cli.tables.unicode_forms import note_other_forms


def open_target(options: TrainEncoderOptions, table: pa.Table, report: Report) -> TrainingTarget:
    """Make the target that ``options`` name.

    Parameters
    ----------
    options : TrainEncoderOptions
        With the target, its loss, and how a log is read.
    table : pa.Table
        The items, with ``item_id``.
    report : Report
        Takes notes of a log.

    Returns
    -------
    TrainingTarget
        For the rows of ``table``.

    Raises
    ------
    UsageError
        For a column that is not there.
    InputError
        For a column or a log that cannot be used.
    """
    kind, name = options.target_kind, options.target_name
    made: dict[str, Callable[[], TrainingTarget]] = {
        "labels": lambda: LabelTarget(table, name, loss=options.loss or LOSSES[0]),
        "duplicates": lambda: DuplicateTarget(table),
        "clicks": lambda: ClickTarget(_clicks(options, table, 0.0, report)[0]),
        "preference": lambda: PreferenceTarget(*_clicks(options, table, options.validation, report), seed=options.seed),
        "self": lambda: AloneTarget(table.num_rows),
    }
    return made[kind]()


def _clicks(
    options: TrainEncoderOptions, table: pa.Table, share: float, report: Report
) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """(users, rows of the table) csr of what is learned from and of the share of it that is held back."""
    called = f"--target {options.target}"
    use = Use(cleaning=options.cleaning, called=called)
    log, notes = read_log(options.target_name, options.columns, use, report)
    train = clean(parts_of(log, fold=None, report=report).train, options.cleaning, report)
    overview(train, notes)
    note_other_forms(train["item_id"], table["item_id"], f"{called} beside the table", report)
    known = train.filter(pc.is_in(train["item_id"], table["item_id"].combine_chunks()))
    if not known.num_rows:
        raise InputError("no item of the log is in the table", fix="check the ids, or name --item-column")
    whole = log_of(known, items=table["item_id"].to_pylist())
    held = held_back(whole, share, options.seed) if share else np.zeros(whole.matrix.nnz, bool)
    return tuple(sp.csr_matrix(whole.only(mask).matrix > 0, dtype=np.float32) for mask in (~held, held))

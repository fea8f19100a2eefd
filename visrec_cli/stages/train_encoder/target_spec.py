"""Parsing of ``--target``."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError, unknown
from visrec_cli.logs.audit import overview
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.holdout import held_back, parts_of
from visrec_cli.logs.matrix import log_of
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.logs import Cleaning, Columns
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

LOSSES = ("cross-entropy", "contrast")


def open_target(
    spec: str, table: pa.Table, *, loss: str | None, columns: Columns, cleaning: Cleaning, share: float, seed: int,
    report: Report,
) -> TrainingTarget:  # fmt: skip
    """The target that ``spec`` names. columns, cleaning: of a log. share: of its clicks that ``preference`` holds back.

    Raises UsageError for an unknown one, InputError for a column or a log that cannot be used.
    """
    kind, _, rest = spec.partition(":")

    def matrix() -> tuple[sp.csr_matrix, sp.csr_matrix]:
        log, notes = read_log(rest, columns, Use(cleaning=cleaning, called=f"--target {spec}"), report)
        parts = parts_of(log, fold=None, report=report)
        train = clean(parts.train, cleaning, report)
        overview(train, notes)
        note_other_forms(train["item_id"], table["item_id"], f"--target {spec} beside the table", report)
        return _clicks(train, table, share if kind == "preference" else 0.0, seed)

    made: dict[str, Callable[[], TrainingTarget]] = {
        "labels": lambda: LabelTarget(table, rest, loss=loss or LOSSES[0]),
        "duplicates": lambda: DuplicateTarget(table),
        "clicks": lambda: ClickTarget(matrix()[0]),
        "preference": lambda: PreferenceTarget(*matrix(), seed=seed),
        "self": lambda: AloneTarget(table.num_rows),
    }
    if kind not in made:
        raise unknown("target", kind, list(made), fix="labels:COLUMN, clicks:LOG, duplicates, preference:LOG or self")
    if bool(rest) != (kind in ("labels", "clicks", "preference")):
        example = {"labels": "labels:category", "clicks": "clicks:clicks.csv", "preference": "preference:clicks.csv"}
        raise UsageError(f"--target {spec} is incomplete" if not rest else f"--target {kind} takes no name",
                           fix=f"--target {example.get(kind, kind)}")  # fmt: skip
    if loss is not None and (loss not in LOSSES or kind != "labels"):
        raise UsageError(
            f"--loss {loss} is for no target" if loss not in LOSSES else f"--target {kind} has a loss of its own",
            fix=f"--target labels:COLUMN --loss {' or '.join(LOSSES)}",
        )
    return made[kind]()


def _clicks(log: pa.Table, table: pa.Table, share: float, seed: int) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """(users, rows of the table) csr of what is learned from and of what is held back."""
    known = log.filter(pc.is_in(log["item_id"], table["item_id"].combine_chunks()))
    if not known.num_rows:
        raise InputError("no item of the log is in the table", fix="check the ids, or name --item-column")
    whole = log_of(known, items=table["item_id"].to_pylist())
    held = held_back(whole, share, seed) if share else np.zeros(whole.matrix.nnz, bool)
    return tuple(sp.csr_matrix(whole.only(mask).matrix > 0, dtype=np.float32) for mask in (~held, held))

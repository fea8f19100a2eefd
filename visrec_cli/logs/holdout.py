"""Training, validation and test rows of a log."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.matrix import log_of
from visrec_cli.recommenders.data import Log
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import Mask

PART_WORDS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """The rows of a log by what they are for. validation is None where the log does not say.

    known: the rows of both, in the order of the log; those for test are in none of them.
    """

    train: pa.Table
    validation: pa.Table | None
    known: pa.Table


def parts_of(table: pa.Table, *, fold: int | None, report: Report) -> Parts:
    """Take a log apart by its column ``split`` (train, validation, test) or ``fold``; test rows are never looked at.

    fold: the fold that is left out. Without either column all rows are for training. Raises UsageError for a fold
    that is not there, InputError for a split column with other words, or without rows to train on.
    """
    names = table.column_names
    if fold is not None and "fold" not in names:
        raise UsageError("--fold needs a column 'fold'", fix="visrec split LOG --folds 5 makes one")
    if "fold" in names:
        folds = pc.unique(table["fold"]).sort().to_pylist()
        if fold is None or fold not in folds:
            raise UsageError(
                f"the log is in folds {', '.join(map(str, folds[:10]))}: which one is left out?",
                fix=("--fold 0", "take the rows of one: visrec split LOG --replace --folds 5 --files FOLDER"),
            )
        held = pc.equal(table["fold"], fold)
        report.count("interactions of the fold left out", int(pc.sum(held).as_py() or 0))
        rest = table.filter(pc.invert(held)).drop_columns(["fold"])
        return Parts(rest, None, rest)
    if "split" not in names:
        return Parts(table, None, table)
    rows = rows_by_part(table)
    if not rows["train"].num_rows:
        raise InputError("column 'split' leaves no rows to train on", fix="call those rows 'train'")
    report.count("test interactions not looked at", rows["test"].num_rows)
    if not rows["validation"].num_rows:
        return Parts(rows["train"], None, rows["train"])
    return Parts(rows["train"], rows["validation"], _rows_of(table, ("train", "validation")))


def rows_by_part(table: pa.Table) -> dict[str, pa.Table]:
    """The rows of a log by its column ``split``: train, validation and test, without that column.

    Raises InputError where it says other words.
    """
    labels = pc.unique(table["split"].cast(pa.string())).to_pylist()
    wrong = [word for word in labels if word is None or word.lower() not in PART_WORDS]
    if wrong:
        raise InputError(
            f"column 'split' says {wrong[0]!r}", fix="it may say train, validation and test; or rename the column"
        )
    return {part: _rows_of(table, (part,)) for part in ("train", "validation", "test")}


def _rows_of(table: pa.Table, parts: tuple[str, ...]) -> pa.Table:
    """The rows of some parts, without the column ``split``, whose words are known ones."""
    words = table["split"].cast(pa.string())
    asked = [word for word in pc.unique(words).to_pylist() if PART_WORDS[word.lower()] in parts]
    return table.filter(pc.is_in(words, pa.array(asked, pa.string()))).drop_columns(["split"])


def within(table: pa.Table, log: Log) -> Log:
    """Those interactions of a table that are between the users and items of ``log``, as a log of its shape."""
    every = log_of(table, items=log.items, users=log.users)  # the log's own come first
    n, m = log.matrix.shape
    rows = np.repeat(np.arange(len(every.users)), np.diff(every.matrix.indptr))
    few = every.only((rows < n) & (every.matrix.indices < m))
    matrix = sp.csr_matrix((few.matrix.data, few.matrix.indices, few.matrix.indptr[: n + 1]), shape=(n, m))
    return Log(log.users, log.items, matrix, few.times)


def held_back(log: Log, share: float, seed: int, *, latest: bool = False) -> Mask:
    """(nnz,) bool: a share of each user's interactions to judge by, drawn by ``seed``; half of them at most.

    latest: the last ones by time, and only among those of equal times is drawn.
    A user with one interaction keeps it for training; every other gives one at least. ``visrec split`` rounds shares
    instead, and would leave the many users with few interactions without a say in how good a model is.
    """
    rng = np.random.default_rng([seed, 1])
    lot = rng.random(log.matrix.nnz)
    counts = np.diff(log.matrix.indptr)
    users = np.repeat(np.arange(len(counts)), counts)
    age = np.zeros(len(lot), np.int64) if log.times is None or not latest else -log.times
    order = np.lexsort((lot, age, users))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - log.matrix.indptr[users]
    wanted = np.minimum(np.maximum(np.round(counts * share), share > 0), counts // 2)
    return place < wanted[users]

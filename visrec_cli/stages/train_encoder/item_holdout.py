"""Training and validation items."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, unknown
from visrec_cli.logs.holdout import PART_WORDS
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import Rows


class ItemParts(NamedTuple):
    """Rows of the items' table. Test items are in neither."""

    train: Rows
    held: Rows


def item_parts(
    table: pa.Table, *, column: str | None, share: float, together: Rows | None, seed: int, report: Report
) -> ItemParts:
    """By the column ``split`` (or another that is named) of train, validation and test; test items are never looked at.

    Without validation items, a ``share`` of those for training is drawn by ``seed``. together: (rows,) numbers of what
    must not be torn apart, such as duplicates. Raises UsageError for a column that is not there, InputError where it
    says other words or leaves nothing to train on.
    """
    if column is not None and column not in table.column_names:
        raise unknown("column", column, table.column_names)
    name = column or "split"
    rows = np.arange(table.num_rows)
    if name not in table.column_names:
        return _drawn(rows, share, together, seed)
    words = [None if word is None else str(word).lower() for word in table[name].to_pylist()]
    wrong = next((word for word in words if word is not None and word not in PART_WORDS), None)
    if wrong is not None:
        raise InputError(
            f"column '{name}' says {wrong!r}",
            fix="it may say train, validation and test; --split NAME names another column",
        )
    parts = np.array([PART_WORDS[word] if word else "train" for word in words])
    if not (parts == "train").any():
        raise InputError(f"column '{name}' leaves no items to train on", fix="call those rows 'train'")
    if (parts == "test").any():
        report.count("test items not looked at", int((parts == "test").sum()))
    if (parts == "validation").any():
        if share:
            report.line.require(False, "validation", f"a table without rows for validation in the column '{name}'")
        return ItemParts(rows[parts == "train"], rows[parts == "validation"])
    return _drawn(rows[parts == "train"], share, together, seed)


def _drawn(rows: Rows, share: float, together: Rows | None, seed: int) -> ItemParts:
    groups = rows if together is None else together[rows]
    names = np.unique(groups)
    lots = np.random.default_rng([seed, 1]).permutation(len(names))
    held = np.isin(groups, names[lots[: round(share * len(names))]])
    return ItemParts(rows[~held], rows[held])

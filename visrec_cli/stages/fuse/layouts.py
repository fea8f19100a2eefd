"""``fuse --method tsne|umap``: 2-D layouts as columns, instead of a vector column."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.layout import lay_out
from visrec_cli.runtime.report import Report
from visrec_cli.tables.vectors import matrix_of

PLACES = {
    "tsne": "a place for each item: columns tsne_x, tsne_y; neighbours are right, large distances mean little",
    "umap": "a place for each item: columns umap_x, umap_y (an extra); groups lie more as they are to each other",
}
VECTORS = "visrec:vectors"
"""The parts side by side, until they have a place; no table has a column of that name."""

_AXES = "xyz"


def check_places(method: str, dim: int | None, others: Mapping[str, object]) -> int:
    """The number of columns. others: options that have no use here, and whether they were given."""
    given = next((option for option, value in others.items() if value), None)
    if given is not None:
        raise UsageError(
            f"--method {method} makes a layout to draw, so {given} has no effect", fix=f"leave out {given}"
        )
    if dim not in (None, 2, 3):
        raise UsageError(f"--method {method} makes 2 or 3 numbers, not {dim}", fix="--dim 2, or --reduce pca")
    return dim or 2


def with_places(table: pa.Table, *, method: str, dim: int, seed: int, report: Report) -> pa.Table:
    """The table with, in place of the column VECTORS, ``dim`` columns ``METHOD_x`` and so on, float32, null where an
    item has no vector. Numbers and no space: nothing can be searched in them.
    """
    vectors, valid = matrix_of(table[VECTORS])
    table = table.drop_columns([VECTORS])
    rows = np.flatnonzero(valid & (vectors != 0).any(axis=1))
    if not len(rows):
        raise InputError("no item has a vector", fix="look at the table with: visrec show TABLE")
    report.note(f"{method} of {len(rows):,} items")
    places = np.zeros((len(vectors), dim), np.float32)
    places[rows] = lay_out(vectors[rows], method, dim=dim, seed=seed)
    nowhere = np.ones(len(vectors), bool)
    nowhere[rows] = False
    if nowhere.any():
        report.count("items without a place", int(nowhere.sum()))
    for axis, letter in enumerate(_AXES[:dim]):
        name, column = f"{method}_{letter}", pa.array(places[:, axis], pa.float32(), mask=nowhere)
        at = table.schema.get_field_index(name)
        table = table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
    return table

"""Item features for training: columns for the model, and vectors for recommenders that use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.items.catalogue_items import choose_column
from visrec_cli.items.pictures import paths_from_here
from visrec_cli.items.source import open_items
from visrec_cli.ranking.explanation import modalities
from visrec_cli.recommenders.data import Content
from visrec_cli.runtime.report import Report
from visrec_cli.tables.picture_types import is_picture_type
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import embedding_columns, matrix_of, unit_rows


@dataclass(frozen=True)
class ItemFeatures:
    """The items' table. about: all columns that a model carries along (no vectors, no stored pictures)."""

    table: pa.Table
    about: pa.Table

    @property
    def ids(self) -> list[str]:
        """Their ids, in the order of the file."""
        ids: list[str] = self.table["item_id"].to_pylist()
        return ids

    def about_of(self, ids: Sequence[str]) -> pa.Table:
        """``item_id`` and the columns of these items, in this order; nulls for an item that the table does not have.

        The ids go along, since an Arrow table without columns has no rows.
        """
        names = pa.array(ids, pa.string())
        places = pc.index_in(names, self.table["item_id"].combine_chunks())
        schema = pa.schema([pa.field("item_id", pa.string()), *self.about.schema])
        return pa.Table.from_arrays([names, *(column.take(places) for column in self.about.columns)], schema=schema)


def open_features(source: Tabular, *, id_column: str | None, report: Report, **npy: Any) -> ItemFeatures:
    """Read the items, with paths of pictures that still work where the items' columns travel."""
    table = open_items(source, id_column=id_column, report=report, **npy).read_all()
    if is_path(source) and Path(source).is_file():
        table = paths_from_here(table, Path(source).parent)
    vectors = set(embedding_columns(table.schema))
    kept = [
        field.name
        for field in table.schema
        if field.name not in vectors and field.name != "item_id" and not is_picture_type(field.type)
    ]
    return ItemFeatures(table, table.select(kept).combine_chunks())


def content_of(features: ItemFeatures, ids: Sequence[str], *, column: str | None, report: Report) -> Content:
    """The vectors of these items, in this order, as unit rows.

    Raises InputError where the table has no vectors, UsageError for a column that is not there.
    """
    column = choose_column(features.table.schema, column, report)
    vectors, present = matrix_of(features.table[column], name=column, ids=features.table["item_id"])
    places = pc.index_in(pa.array(ids, pa.string()), features.table["item_id"].combine_chunks())
    rows = pc.fill_null(places, 0).to_numpy(zero_copy_only=False)
    valid = np.asarray(places.is_valid()) & present[rows] if len(vectors) else np.zeros(len(ids), bool)
    directions = unit_rows(vectors[rows]) if len(vectors) else np.zeros((len(ids), vectors.shape[1]), np.float32)
    directions[~valid] = 0
    valid = valid & (directions != 0).any(axis=1)
    if not valid.all():
        report.count("items without a vector", int((~valid).sum()))
    space: Space | None = space_of(features.table.schema.field(column))
    parts = tuple(modalities(space)) or (("content", vectors.shape[1]),)
    if sum(width for _, width in parts) != vectors.shape[1]:
        parts = (("content", vectors.shape[1]),)
    return Content(directions, valid, parts, space)

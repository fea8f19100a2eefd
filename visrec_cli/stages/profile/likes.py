"""Likes of users with times, from a log or a model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from visrec_cli.errors import UsageError, unknown
from visrec_cli.items.categories import CATEGORIES, categories_of
from visrec_cli.items.features import ItemFeatures, content_of, open_features
from visrec_cli.logs.audit import overview
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.matrix import log_of
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.options.logs import Cleaning, Columns
from visrec_cli.options.profile import ProfileOptions
from visrec_cli.recommenders.data import Content, Times
from visrec_cli.recommenders.serialization import from_table
from visrec_cli.runtime.report import Report
from visrec_cli.tables.readers import Tabular, is_path, name_of, open_table
from visrec_cli.tables.text_schema import is_model
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import Rows, embedding_columns

_OF_LOGS = (
    *("user_column", "item_column", "weight_column", "time_column", "event_column"),
    *("events", "repeats", "min_weight"),
)


@dataclass(frozen=True)
class Likes:
    """What everybody liked. history: (users, items) csr, weights above 0; times: (nnz,) ms, or None.

    features: the items' columns, if there are any. content: their vectors of length 1. kinds: (items, categories) csr
    of bool, with their names in ``kind_names``. Each is None where nothing tells.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    history: sp.csr_matrix
    times: Times | None
    features: ItemFeatures | None
    content: Content | None
    kinds: sp.csr_matrix | None
    kind_names: tuple[str, ...] = ()

    def of(self, user: str) -> tuple[Rows, Times | None]:
        """The items of one user, oldest first (without times the least liked first), equal ones by id; and when.

        Raises UsageError, with the nearest ids, for a user who is not there.
        """
        if user not in self.users:
            raise unknown("user", user, list(self.users))
        row = self.users.index(user)
        cells = slice(self.history.indptr[row], self.history.indptr[row + 1])
        items = self.history.indices[cells].astype(np.int64)
        when = None if self.times is None else self.times[cells]
        first = self.history.data[cells] if when is None else when
        order = np.lexsort((np.array(self.items, object)[items].astype(str), first)) if len(items) else items
        return items[order], None if when is None else when[order]

    @property
    def end(self) -> int | None:
        """The newest time of all."""
        return None if self.times is None or not len(self.times) else int(self.times.max())


def open_likes(source: Tabular, options: ProfileOptions, report: Report) -> Likes:
    """What everybody liked, by a log or a model, with the items.

    Parameters
    ----------
    source : Tabular
        A log, or a model of train-cf.
    options : ProfileOptions
        The items, and how a log is read.
    report : Report
        Gets counts and notes.

    Returns
    -------
    Likes
        The likes of all users, not only of those that are profiled.

    Raises
    ------
    UsageError
        Options of a log beside a model, unknown columns, or two tables from stdin.
    InputError
        A log, model or table of items that cannot be used.
    """
    items, column, columns, cleaning = options.items, options.column, options.columns, options.cleaning
    if [is_path(one) and str(one) == "-" for one in (source, items)] == [True, True]:
        raise UsageError("stdin can be one table, not two", fix="name the file of the items")
    features = None if items is None else open_features(items, id_column=None, report=report)
    if is_path(source) and str(source) == "-" and columns.header:
        source = open_table(source, report=report).read_all()
    if columns.header and _is_model(source):
        if columns != type(columns)() or cleaning != type(cleaning)():
            given = next(
                (report.line.written[name] for name in _OF_LOGS if name in report.line.written), "columns, cleaning"
            )
            raise UsageError(
                f"{given} needs a log, and {name_of(source)} is a model, which has cleaned its log already",
                fix="leave it out, or profile the log itself",
            )
        users, ids, history, times, own = _of_model(source)
        features = features or own
    else:
        users, ids, history, times = _of_log(source, features, columns, cleaning, report)
    if features is not None:
        note_other_forms(ids, features.ids, f"{name_of(source)} beside the items", report)
    content = None
    if features is not None and embedding_columns(features.table.schema):
        content = content_of(features, ids, column=column, report=report)
    elif column is not None:
        raise UsageError(f"there is no column '{column}'", fix="--items TABLE, with vectors: visrec embed-images")
    kinds, names = _kinds(features, ids, options.category)
    return Likes(users, ids, history, times, features, content, kinds, names)


def _is_model(source: Tabular) -> bool:
    if not is_path(source):
        return isinstance(source, pa.Table) and is_model(source.schema)
    return Path(source).is_file() and is_model(open_table(source).schema)


def _of_model(
    source: Tabular,
) -> tuple[tuple[str, ...], tuple[str, ...], sp.csr_matrix, Times | None, ItemFeatures | None]:
    model, about, _ = from_table(open_table(source).read_all(), name_of(source))
    history, times = model.users.history, model.users.times
    liked = history.data > 0  # a weight of 0 was met and not liked
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))[liked]
    kept = sp.csr_matrix((history.data[liked], (rows, history.indices[liked])), shape=history.shape, dtype=np.float32)
    times = None if times is None else times[liked]
    features = ItemFeatures(about, about.drop_columns(["item_id"])) if about.num_columns > 1 else None
    return model.users.ids, model.items.ids, kept, times, features


def _of_log(
    source: Tabular, features: ItemFeatures | None, columns: Columns, cleaning: Cleaning, report: Report
) -> tuple[tuple[str, ...], tuple[str, ...], sp.csr_matrix, Times | None]:
    table, notes = read_log(source, columns, Use(cleaning=cleaning), report)
    table = clean(table, cleaning, report)
    overview(table, notes)
    log = log_of(table, items=() if features is None else features.ids)
    if features is not None and len(log.items) > len(features.ids):
        unknown_users = len(log.items) - len(features.ids)
        report.count("items of the log that --items does not have", unknown_users)
    return log.users, log.items, log.matrix, log.times


def _kinds(
    features: ItemFeatures | None, ids: tuple[str, ...], category: str | None
) -> tuple[sp.csr_matrix | None, tuple[str, ...]]:
    """Which items are of which category: the column named, else the first with a usual name."""
    item_columns = [] if features is None else features.about.column_names
    if category is not None and category not in item_columns:
        raise unknown(
            "column", category, item_columns, fix=None if item_columns else "--items TABLE, with such a column"
        )
    if features is None or (category is None and not set(CATEGORIES) & set(item_columns)):
        return None, ()
    shares, names = categories_of(features, ids, category)
    return (shares[: len(ids)] > 0).tocsr(), tuple(names)

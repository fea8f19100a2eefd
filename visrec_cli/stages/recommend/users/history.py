"""Fold-in of newer interactions, of known and new users, without training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError
from visrec_cli.logs.cleanup import clean
from visrec_cli.logs.exposures import with_met
from visrec_cli.logs.matrix import log_of
from visrec_cli.recommenders.data import Times
from visrec_cli.recommenders.model import Users
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.tables.interaction_log import has_ratings
from visrec_cli.tables.time import are_positions
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import Rows


def with_history(loaded: LoadedModel, table: pa.Table, report: Report) -> LoadedModel:
    """The model with the users of ``table`` (of ``open_interactions``) folded in, in addition to what it knows of them.

    The log is cleaned as the model's own was. Clicks on items that the model does not have are counted and left out.
    Raises InputError if the model's table has lost what folding in needs.
    """
    kind, items = loaded.folds_in, loaded.model.items.ids
    in_model = pc.is_in(table["item_id"], pa.array(items, pa.string()))
    report.count(
        f"interactions of --history with items that {loaded.name} does not have", pc.sum(pc.invert(in_model)).as_py()
    )
    note_other_forms(table["item_id"], items, f"--history beside {loaded.name}", report)
    note_other_forms(table["user_id"], loaded.users.ids, f"--history beside {loaded.name}", report, noun="users")
    table = table.filter(in_model)
    if not table.num_rows:
        return loaded
    if kind.needs_times and "timestamp" not in table.column_names:
        report.warn("--history has no times: its rows are taken in their order")
        table = _in_file_order(table, newest(loaded.users) or 0)
    elif _in_order_alone(table, loaded):
        table = _after(table, newest(loaded.users) or 0)
    new, way = _read(loaded, table)
    known = np.array([loaded.row_of.get(user, -1) for user in new.ids], np.int64)
    report.count("new users of --history", int((known < 0).sum()))
    old = loaded.users.take(known[known >= 0])
    if way == "sum":
        _warn_of_old_news(old, np.flatnonzero(known >= 0), new, loaded.name, report)
    whole = merged(old, np.flatnonzero(known >= 0), new, way, newest(loaded.users))
    folded = loaded.fold_in(whole)
    others = np.setdiff1d(np.arange(len(loaded.users.ids)), known)
    return replace(loaded, users=joined(loaded.users.take(others), folded))


def _in_file_order(table: pa.Table, now: int) -> pa.Table:
    """The log with times, each row a millisecond after the one before and all after ``now``."""
    times = pa.array(now + 1 + np.arange(table.num_rows)).cast(pa.timestamp("ms", "UTC"))
    return table.append_column("timestamp", times)


def _in_order_alone(table: pa.Table, loaded: LoadedModel) -> bool:
    """Whether the log, or the model, numbers its events: then their numbers cannot be compared."""
    if "timestamp" not in table.column_names or loaded.users.times is None:
        return False
    return are_positions(table["timestamp"]) or are_positions(loaded.users.times)


def _after(table: pa.Table, now: int) -> pa.Table:
    """The log with its events in their order, each a millisecond after the one before and all after ``now``."""
    _, places = np.unique(table["timestamp"].cast(pa.int64()).to_numpy(), return_inverse=True)
    at = table.schema.get_field_index("timestamp")
    return table.set_column(at, table.schema.field(at), pa.array(now + 1 + places).cast(pa.timestamp("ms", "UTC")))


def _read(loaded: LoadedModel, table: pa.Table) -> tuple[Users, str]:
    """The log's users over the model's items, and what becomes of a click on an item that the user had already."""
    cleaning = replace(loaded.cleaning, half_life=None, k_core=0)
    items = loaded.model.items.ids
    every = log_of(clean(table, replace(cleaning, min_weight=None), Report()), items=items)
    if cleaning.min_weight is None:
        return Users(every.users, every.matrix, every.times), "last" if has_ratings(table) else "sum"
    try:
        liked = clean(table, cleaning, Report())
    except InputError:  # they liked nothing of it
        liked = table.schema.empty_table()
    likes = log_of(liked, items=items, users=every.users)
    return with_met(Users(likes.users, likes.matrix, likes.times), every), "max"


def _warn_of_old_news(old: Users, places: Rows, new: Users, name: str, report: Report) -> None:
    """Say so where most of the new clicks are the model's own (same user, item and, if there are times, time).

    What the model knows as merely seen, as validation rows that it was not fitted on, counts once.
    """
    width, liked = new.history.shape[1], old.history.data != 0
    old_keys = (np.repeat(places, np.diff(old.history.indptr)) * width + old.history.indices)[liked]
    new_keys = np.repeat(np.arange(len(new.ids)), np.diff(new.history.indptr)) * width + new.history.indices
    _, old_places, in_model = np.intersect1d(old_keys, new_keys, assume_unique=True, return_indices=True)
    again = len(old_places)
    if old.times is not None and new.times is not None:
        again = int((old.times[liked][old_places] == new.times[in_model]).sum())
    if 2 * again > len(new_keys):
        report.warn(
            f"{again:,} of {len(new_keys):,} interactions of --history are in {name} already, and count twice now: "
            "give only those since"
        )


def newest(users: Users) -> int | None:
    """The time of the newest click, if there are times."""
    return None if users.times is None or not len(users.times) else int(users.times.max())


def merged(old: Users, places: Rows, new: Users, way: str, now: int | None) -> Users:
    """The histories of ``new`` with what ``old`` (its user i being new's places[i]) had before.

    way: ``sum`` of weights, the ``last``, or the largest (``max``), where both have an item. now: the time of clicks
    that have none, where the older ones have times.
    """
    columns = new.history.shape[1]
    rows = (
        np.repeat(places, np.diff(old.history.indptr)),
        np.repeat(np.arange(len(new.ids)), np.diff(new.history.indptr)),
    )
    keys = np.concatenate([rows[0] * columns + old.history.indices, rows[1] * columns + new.history.indices])
    weights = np.concatenate([old.history.data, new.history.data])
    order = np.argsort(keys, kind="stable")  # of equal ones the older comes first
    keys, weights = keys[order], weights[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    if way == "last":
        weights = weights[np.append(first[1:], len(keys)) - 1]
    else:
        weights = (np.add if way == "sum" else np.maximum).reduceat(weights, first) if len(first) else weights
    times = _times(old, new, now)
    if times is not None and len(first):
        times = np.maximum.reduceat(times[order], first)
    cells = keys[first]
    matrix = sp.csr_matrix((weights, (cells // columns, cells % columns)), shape=new.history.shape, dtype=np.float32)
    return Users(new.ids, matrix, times)


def _times(old: Users, new: Users, now: int | None) -> Times | None:
    if now is None:
        return new.times if not old.history.nnz else None
    before = np.full(old.history.nnz, now, np.int64) if old.times is None else old.times
    return np.concatenate([before, np.full(new.history.nnz, now, np.int64) if new.times is None else new.times])


def joined(first: Users, second: Users) -> Users:
    """All users of both."""
    sizes = len(first.ids), len(second.ids)
    has_times = first.times is not None and second.times is not None
    return Users(
        first.ids + second.ids,
        sp.vstack([first.history, second.history], format="csr"),
        np.concatenate([first.times, second.times]) if has_times else None,
        _stacked(first.factors, second.factors, sizes),
        _stacked(first.bias, second.bias, sizes),
        _stacked(first.neighbours, second.neighbours, sizes),
    )


def _stacked(first: Any, second: Any, sizes: tuple[int, int]) -> Any:
    """Both matrices, one below the other; zeros where only one side has the term, None where neither has."""
    given = first if first is not None else second
    if given is None:
        return None
    sparse = sp.issparse(given)
    zeros = sp.csr_matrix if sparse else np.zeros
    sides = [
        zeros((n, *given.shape[1:]), dtype=np.float32) if side is None else side
        for n, side in zip(sizes, (first, second), strict=True)
    ]
    return sp.vstack(sides, format="csr") if sparse else np.concatenate(sides)

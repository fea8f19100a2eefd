"""Slices of the truth: parts by user or item that are evaluated separately."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.attributes import masks_of
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.tables.ids import USER_ALIASES, as_ids, plain_name
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import Mask

KINDS = {
    "warmth": "items with and without interactions in training",
    "activity": "users by how many interactions they had in training",
    "pictures": "items with and without a picture",
    "popularity": "items by terciles of the training interactions: head, middle and tail",
}
MOST = 20  # slices of one column
FEW = 5  # interactions of a user who is hardly known


@dataclass(frozen=True)
class Slices:
    """items: names, and (items,) bool: what counts as relevant there; lists stay lists of all items.

    users: names, and (users,) bool: whose values are in the mean.
    """

    items: dict[str, Mask] = field(default_factory=dict)
    users: dict[str, Mask] = field(default_factory=dict)


def slices_of(truth: Truth, by: Sequence[str], report: Report, *, users: Tabular | None = None) -> Slices:
    """The slices that are asked for. by: of KINDS, or columns of the items or of the table ``users``.

    Slices that nothing relevant is in are left out, and said; of a column, those beyond the 20 largest too. Raises
    UsageError for a column that is nowhere, or what the truth does not know.
    """
    found, asked_users = Slices(), False
    about_users = None if users is None else _read_users(users, truth.users, report)
    for what in by:
        if what in KINDS:
            of_items = what != "activity"
            masks = _KINDS[what](truth)
        else:
            of_items, column = _column(what, truth, about_users)
            asked_users |= not of_items
            masks, of = masks_of(column, _weights(truth, of_items), MOST)
            masks = {f"{what}: {name}": mask for name, mask in masks.items()}
            if of > MOST:
                report.warn(f"{what} has {of:,} slices: the {MOST} largest are shown")
        weights = _weights(truth, of_items)
        for name, mask in masks.items():
            if weights[mask].any():
                (found.items if of_items else found.users)[name] = mask
            else:
                report.warn(f"nothing in the truth is in the slice '{name}': it is left out")
    if about_users is not None and not asked_users:
        known = ", ".join(name for name in about_users.column_names if name not in KINDS)
        raise UsageError("--users needs --by with one of its columns", fix=f"--by {known}")
    return found


def _weights(truth: Truth, of_items: bool) -> npt.NDArray[np.float64]:
    """(items,) for how many users each is relevant; (users,) 1 for each."""
    if not of_items:
        return np.ones(len(truth.users))
    return np.bincount(truth.relevant.indices, minlength=len(truth.item_ids) + 1)[:-1].astype(np.float64)


def _before(truth: Truth, what: str) -> npt.NDArray[np.int64]:
    """(items,) how many users had each item before."""
    if truth.item_stats.popularity is None:
        raise UsageError(f"--by {what} needs training interactions", fix="--train FILE, or a truth with a split")
    return truth.item_stats.popularity[:-1]


def _warmth(truth: Truth) -> dict[str, Mask]:
    had = _before(truth, "warmth") > 0
    return {"items: warm": had, "items: cold": ~had}


def _activity(truth: Truth) -> dict[str, Mask]:
    if truth.history is None:
        raise UsageError("--by activity needs training interactions", fix="--train FILE, or a truth with a split")
    had = np.diff(truth.history.indptr)
    return {
        "users: nothing before": had == 0,
        f"users: 1 to {FEW} before": (had > 0) & (had <= FEW),
        f"users: more than {FEW} before": had > FEW,
    }


def _pictures(truth: Truth) -> dict[str, Mask]:
    names = (
        [] if truth.features is None else [n for n in ("image_path", "image") if n in truth.features.table.column_names]
    )
    if truth.features is None or not names:
        raise UsageError("--by pictures needs the pictures of the items", fix="--items, with column image_path")
    places = pc.index_in(truth.item_ids, truth.features.table["item_id"].combine_chunks())
    has = np.zeros(len(places), bool)
    for name in names:
        has |= truth.features.table[name].take(places).is_valid().to_numpy()
    return {"items: with picture": has, "items: without picture": ~has}


def _popularity(truth: Truth) -> dict[str, Mask]:
    """Items with equally many interactions are in one band; those without any are in none."""
    had = _before(truth, "popularity")
    counts, size = np.unique(had, return_counts=True)
    of_more = np.append(np.cumsum((counts * size)[::-1])[::-1][1:], 0) / max(int(had.sum()), 1)
    share = of_more[np.searchsorted(counts, had)]  # of the interactions, with items that have more
    third = np.where(had > 0, np.minimum((share * 3).astype(np.int64), 2), -1)
    return {f"popularity: {name}": third == at for at, name in enumerate(("head", "middle", "tail"))}


_KINDS = {"warmth": _warmth, "activity": _activity, "pictures": _pictures, "popularity": _popularity}


def _column(name: str, truth: Truth, users: pa.Table | None) -> tuple[bool, pa.ChunkedArray]:
    """Whether it is one of the items, and the column, a value per item or user of the truth."""
    if truth.features is not None and name in truth.features.about.column_names:
        return True, truth.features.about_of(truth.item_ids.to_pylist())[name]
    if users is not None and name in users.column_names:
        return False, users[name]
    tables = [None if truth.features is None else truth.features.about, users]
    known = [one for table in tables if table is not None for one in table.column_names]
    raise UsageError(
        f"--by {name}: neither the items nor the users have such a column",
        fix=f"one of {', '.join([*KINDS, *known])}; columns come with --items and --users",
    )


def _read_users(source: Tabular, ids: pa.Array, report: Report) -> pa.Table:
    """The rows of these users, in their order; nulls for those that the table does not have."""
    where = name_of(source)
    table = open_table(source, report=report).read_all()
    plain = {plain_name(name): name for name in reversed(table.column_names)}
    name = next((plain[alias] for alias in (*USER_ALIASES, "id") if alias in plain), None)
    if name is None:
        raise InputError(f"{where} has no column of users", fix=f"call it '{USER_ALIASES[0]}'")
    known = as_ids(table[name].combine_chunks(), name=name, where=where)
    places = pc.index_in(ids, known)
    note_other_forms(ids, known, f"the truth beside {where}", report, noun="users")
    if places.null_count == len(ids):
        raise InputError(f"{where} has none of the truth's users", fix=f"they are called {ids[0]}, …")
    return table.drop_columns([name]).take(places)

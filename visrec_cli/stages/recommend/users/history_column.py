"""The latest items of a user as a result column, for galleries."""

import numpy as np
import pyarrow as pa

from visrec_cli.recommenders.model import Users
from visrec_cli.stages.recommend.items.queries import path_column, title_column
from visrec_cli.stages.recommend.users.candidate_items import CandidateItems
from visrec_cli.tables.rows import take_rows
from visrec_cli.tables.time import TIME, are_positions
from visrec_cli.tables.vectors import Rows

STEP = pa.struct(
    [
        ("item_id", pa.string()), ("title", pa.string()), ("image_path", pa.string()),
        ("weight", pa.float32()), ("timestamp", TIME),
    ]
)  # fmt: skip
FIELD = pa.field("history", pa.list_(STEP))


def pasts(past: Users, users: Rows, latest: int, candidates: CandidateItems) -> pa.Array:
    """(rows,) for each of ``users`` its latest liked items, newest first, where it first appears; null elsewhere.

    Without times the heaviest come first; equal ones by lot.
    """
    firsts = np.flatnonzero(np.diff(users, prepend=-1))
    picked = [_latest(past, int(users[row]), latest, candidates.tie_order) for row in firsts]
    cells = np.concatenate([np.empty(0, np.int64), *picked])
    items = past.history.indices[cells]
    about = candidates.about.schema
    title, path = title_column(about), path_column(about)
    part = take_rows(candidates.about.select(list(dict.fromkeys(["item_id", title, *([path] if path else [])]))), items)
    times = pa.nulls(len(cells), TIME)
    if past.times is not None and not are_positions(past.times):
        times = pa.array(past.times[cells], pa.int64()).cast(TIME)
    arrays = [
        part["item_id"].combine_chunks(),
        part[title].combine_chunks().cast(pa.string()),
        part[path].combine_chunks() if path else pa.nulls(len(cells), pa.string()),
        pa.array(past.history.data[cells], pa.float32()),
        times,
    ]
    steps = pa.StructArray.from_arrays(arrays, fields=list(STEP))
    lengths = np.zeros(len(users), np.int64)
    lengths[firsts] = [len(one) for one in picked]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    gone = np.ones(len(users), bool)
    gone[firsts] = False
    return pa.ListArray.from_arrays(pa.array(offsets), steps, type=FIELD.type, mask=pa.array(gone))


def _latest(past: Users, user: int, latest: int, tie_order: Rows) -> Rows:
    """Where in the history's data the latest liked items of a user stand."""
    cells = np.arange(past.history.indptr[user], past.history.indptr[user + 1])
    weights = past.history.data[cells]
    newest = np.zeros(len(cells)) if past.times is None else past.times[cells]
    order = np.lexsort((tie_order[past.history.indices[cells]], -weights, -newest))
    found: Rows = cells[order][weights[order] > 0][:latest]
    return found

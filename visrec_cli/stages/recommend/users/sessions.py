"""Sessions of anonymous visitors: their items in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import scipy.sparse as sp

from visrec_cli.errors import InputError, UsageError
from visrec_cli.items.id_lists import is_table, text_lines
from visrec_cli.logs.reader import Use, read_log
from visrec_cli.recommenders.data import Times
from visrec_cli.recommenders.model import Users
from visrec_cli.runtime.report import Report
from visrec_cli.stages.recommend.users.history import newest
from visrec_cli.stages.recommend.users.loaded_model import LoadedModel
from visrec_cli.tables.readers import Tabular, is_path
from visrec_cli.tables.unicode_forms import note_other_forms
from visrec_cli.tables.vectors import Rows

Sessions = Mapping[str, Sequence[str]]


def sessions_of(given: Sequence[Sequence[str]], listed: Tabular | None, report: Report) -> Sessions:
    """Each session's items, oldest first, by its name: "session 1" and so on, or the ids of a table.

    listed: a file with the items of one session a line, or a log, whose users are the sessions and whose times are the
    order; without times the rows are. Raises UsageError for a session without items, InputError for an empty file.
    """
    if isinstance(given, str) or any(isinstance(items, str) for items in given):
        raise UsageError("a session is a list of items", fix='sessions=[["7", "8"]]')
    if given and listed is not None:
        raise UsageError("--session and --sessions cannot be used together", fix="write all of them into the file")
    if listed is None:
        if any(not items for items in given):
            raise UsageError("a session has no items", fix="--session 1164,1525, the latest last")
        return _named([list(map(str, items)) for items in given])
    if is_path(listed) and str(listed) != "-" and not is_table(Path(str(listed))):
        lines = [[one.strip() for one in line.split(",") if one.strip()] for line in text_lines(Path(str(listed)))]
        if not any(lines):
            raise InputError(f"{listed} has no sessions", fix="write the items of one session a line: 1164,1525")
        return _named([items for items in lines if items])
    log, _ = read_log(listed, None, Use(called="--sessions", alone=True), report)
    if "timestamp" in log.column_names:
        log = log.take(np.argsort(log["timestamp"].cast("int64").to_numpy(), kind="stable"))
    found: dict[str, list[str]] = {name: [] for name in sorted(pc.unique(log["user_id"]).to_pylist())}
    for name, item in zip(log["user_id"].to_pylist(), log["item_id"].to_pylist(), strict=True):
        found[name].append(item)
    return found


def _named(sessions: Sequence[Sequence[str]]) -> Sessions:
    return {f"session {number}": items for number, items in enumerate(sessions, 1)}


def with_sessions(loaded: LoadedModel, sessions: Sessions, report: Report) -> LoadedModel:
    """The model with the sessions as its users, folded in; what was popular stays what its own users clicked.

    Items that the model does not have are counted and left out. Raises InputError if its table has lost what folding
    in needs.
    """
    rows = [[loaded.item_row_of[item] for item in items if item in loaded.item_row_of] for items in sessions.values()]
    strange = sum(map(len, sessions.values())) - sum(map(len, rows))
    report.count(f"items of sessions that {loaded.name} does not have", strange)
    asked = [item for items in sessions.values() for item in items]
    note_other_forms(asked, loaded.model.items.ids, f"sessions beside {loaded.name}", report)
    ordered = [in_order(one) for one in rows]
    ends = np.cumsum([0, *(len(columns) for columns, _ in ordered)])
    columns, places = (np.concatenate([np.empty(0, np.int64), *side]) for side in zip(*ordered, strict=True))
    history = sp.csr_matrix(
        (np.ones(len(columns), np.float32), columns, ends), (len(rows), len(loaded.model.items.ids))
    )
    now = clock(loaded)
    times: Times | None = None if now is None else now + 1 + places
    users = loaded.fold_in(Users(tuple(sessions), history, times))
    return replace(loaded, users=users, crowd=loaded.users)


def in_order(rows: Sequence[int]) -> tuple[Rows, Rows]:
    """``(columns, places)`` of a session: its items, each once and sorted, and where each stood last."""
    turned, first = np.unique(np.array(rows[::-1], np.int64), return_index=True)
    return turned, len(rows) - 1 - first


def clock(loaded: LoadedModel) -> int | None:
    """The time of the newest click, after which new ones come; None where neither the model nor its kind has times."""
    now = newest(loaded.users)
    return 0 if now is None and loaded.kind.needs_times else now

"""A log of what was shown to whom, where, and whether it was clicked."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError
from visrec_cli.runtime.report import Report
from visrec_cli.tables.ids import ITEM_ALIASES, USER_ALIASES, as_ids, plain_name
from visrec_cli.tables.readers import Tabular, name_of, open_table
from visrec_cli.tables.vectors import Mask

Numbers = npt.NDArray[np.float64]
ALIASES = {
    "user": USER_ALIASES,
    "item": tuple(alias for alias in ITEM_ALIASES if alias != "id"),
    "clicked": ("clicked", "click", "is_click", "is_clicked", "reward"),
    "position": ("position", "place", "rank", "slot", "pos"),
    "propensity": ("propensity", "propensity_score", "pscore", "probability"),
}
_SENSE: dict[str, tuple[str, Callable[[Numbers], Mask]]] = {
    "clicked": ("0 or 1", lambda values: (values == 0) | (values == 1)),
    "position": (
        "a whole number up to 1,000",
        lambda values: (values == np.floor(values)) & (values >= 0) & (values <= 1000),
    ),
    "propensity": ("above 0 and at most 1", lambda values: (values > 0) & (values <= 1)),
}


def open_impressions(source: Tabular, report: Report | None = None) -> pa.Table:
    """``user_id``, ``item_id`` (string), ``clicked`` (float64, 0 or 1), and, where the log has them, ``position``
    (int64, from 1 on) and ``propensity`` (float64): the probability with which the item was shown in that place.

    Raises InputError for a log without users, items, clicks or rows, and for the first value that makes no sense.
    """
    where = name_of(source)
    table = open_table(source, as_text=[*ALIASES["user"], *ALIASES["item"]], report=report).read_all()
    plain = {plain_name(name): name for name in reversed(table.column_names)}
    found = {kind: next((plain[one] for one in names if one in plain), None) for kind, names in ALIASES.items()}
    lacking = [kind for kind in ("user", "item", "clicked") if found[kind] is None]
    if lacking:
        what = {"user": "users", "item": "items", "clicked": "clicks"}[lacking[0]]
        raise InputError(
            f"{where} has no column of {what} (its columns are: {', '.join(table.column_names[:20])})",
            fix="a log of what was shown has user_id, item_id and clicked, and may have position and propensity",
        )
    if not table.num_rows:
        raise InputError(f"{where} has no rows", fix="a log of what was shown has one row per item and place")
    columns: dict[str, pa.Array] = {}
    for kind, name in found.items():
        if kind in ("user", "item"):
            columns[f"{kind}_id"] = as_ids(table[name].combine_chunks(), name=str(name), where=where)
        elif name is not None:
            columns[kind] = _numbers(table[name].combine_chunks(), kind, name, where)
    if "position" in columns:
        first = pc.min(columns["position"]).as_py()
        columns["position"] = pc.add(columns["position"], 1 if first == 0 else 0).cast(pa.int64())
    return pa.table(columns)


def _numbers(column: pa.Array, kind: str, name: str, where: str) -> pa.Array:
    sense, holds = _SENSE[kind]
    try:
        column = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)  # nulls are NaN
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{where}: column '{name}' holds no numbers", fix=f"each is {sense}") from error
    wrong = np.flatnonzero(~holds(values))
    if len(wrong):
        row = int(wrong[0])
        shown = "nothing" if np.isnan(values[row]) else f"{values[row]:g}"
        raise InputError(
            f"{where}: row {row + 1} has {shown} as '{name}'",
            fix=f"each is {sense}; drop the {len(wrong):,} that are not",
        )
    return pa.array(values)

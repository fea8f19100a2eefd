"""Cleaning of a log: event weights, merged repeats, likes from ratings."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.repeats import merge
from visrec_cli.options.logs import Cleaning
from visrec_cli.recommenders.data import DAY
from visrec_cli.runtime.display import counted
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import has_ratings, with_weights
from visrec_cli.tables.time import are_positions

_NAMED = 5


def clean(table: pa.Table, cleaning: Cleaning, report: Report) -> pa.Table:
    """The log with one row per user and item (and part, if it is split), in the order of first appearance.

    table: as ``open_interactions`` gives it. Whatever is left out is counted by reason. A merged row has the latest
    time; its other columns are those of the kept row, for sums and counts of the first. Raises InputError if nothing
    is left, UsageError for a step that needs a column which is not there.
    """
    ratings = has_ratings(table)
    table = _weigh_events(table, cleaning.events, report)
    way = cleaning.repeats or ("last" if ratings and not cleaning.events else "sum")
    fading = _fading(table, cleaning.half_life)
    merged = merge(table, way, fading)
    if merged.rows < table.num_rows:
        report.count("repeats merged", table.num_rows - merged.rows)
    table, weights, faded = merged.table, merged.weights, merged.faded
    if cleaning.min_weight is not None:
        keep = weights >= cleaning.min_weight
        if not keep.any():
            raise InputError(
                f"no weight reaches {cleaning.min_weight:g}: the largest is {weights.max():g}",
                fix="a smaller --min-weight",
            )
        report.count(f"interactions below {cleaning.min_weight:g} left out", int((~keep).sum()))
        likes = _fading(table, cleaning.half_life)
        table, faded = table.filter(pa.array(keep)), np.ones(int(keep.sum())) if likes is None else likes[keep]
    weights = faded.astype(np.float32)
    gone = weights <= 0
    if gone.any():
        report.count("interactions faded to nothing left out", int(gone.sum()))
        table, weights = table.filter(pa.array(~gone)), weights[~gone]
    opinions = ratings and way in ("last", "max") and cleaning.min_weight is None and fading is None
    table = with_weights(table, weights, ratings=opinions and not cleaning.events)
    return _core(table, cleaning.k_core, report)


def _weigh_events(table: pa.Table, events: Mapping[str, float], report: Report) -> pa.Table:
    """Rows of the events that count, their weights multiplied by the event's; what each was is then no column more."""
    if "event" not in table.column_names:
        if events:
            raise UsageError("the log has no column of events", fix="name it with --event-column, or drop --events")
        return table
    if not events:
        return table
    kinds = {str(v["values"]): v["counts"] for v in pc.value_counts(table["event"]).to_pylist()}
    shown = sorted(kinds, key=lambda name: (-kinds[name], name))
    for name in shown:
        if not events.get(name):
            report.count(f"rows of event '{name}' left out", kinds[name])
    missing = [name for name in events if name not in kinds]
    known = [name for name in events if events[name] and name in kinds]
    if not known:
        raise InputError(
            f"no row has one of the events {', '.join(events)}: the log has {', '.join(shown[:_NAMED])}",
            fix="name them as the log does",
        )
    if missing:
        report.warn(f"no row has the event {', '.join(missing)}")
    table = table.filter(pc.is_in(table["event"], pa.array(known)))
    factors = pa.array([events[name] for name in known], pa.float64()).take(
        pc.index_in(table["event"], pa.array(known))
    )
    return with_weights(table.drop_columns("event"), pc.multiply(table["weight"], factors).to_numpy(), ratings=False)


def _fading(table: pa.Table, half_life: float | None) -> npt.NDArray[np.float64] | None:
    """(rows,) 2^(-age / half-life), the age counted from the newest row; None where nothing fades."""
    if half_life is None:
        return None
    if "timestamp" not in table.column_names:
        raise UsageError("--half-life needs a log with times", fix="name the column with --time-column")
    if are_positions(table["timestamp"]):
        raise UsageError(
            "--half-life counts days, and the times of this log are positions: an order, and no dates",
            fix="leave out --half-life, or name a column of times with --time-column",
        )
    times = table["timestamp"].cast(pa.int64()).to_numpy()
    return np.exp2((times - times.max()) / (half_life * DAY))


def _core(table: pa.Table, k: int, report: Report) -> pa.Table:
    if k <= 1:
        return table
    sides = [table[name].combine_chunks().dictionary_encode().indices.to_numpy() for name in ("user_id", "item_id")]
    keep = np.ones(table.num_rows, bool)
    while True:
        few = np.zeros(table.num_rows, bool)
        for codes in sides:
            few |= np.bincount(codes[keep], minlength=codes.max() + 1)[codes] < k
        if not (few & keep).any():
            break
        keep &= ~few
    if not keep.any():
        raise InputError(
            f"nothing is left of {counted(table.num_rows, 'interactions')} when users and items have {k} partners",
            fix=f"a smaller --k-core than {k}",
        )
    if not keep.all():
        report.count(f"interactions outside of the {k}-core left out", int((~keep).sum()))
    return table.filter(pa.array(keep))

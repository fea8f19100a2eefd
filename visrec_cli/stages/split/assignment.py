"""Assignment of rows to parts, by hash order, groups and strategy."""

import numpy as np
import pyarrow as pa

from visrec_cli.errors import InputError, UsageError
from visrec_cli.logs.hash_order import lots_of, lots_of_pairs
from visrec_cli.logs.item_groups import groups_of
from visrec_cli.options.split import TIMED, SplitSpec
from visrec_cli.runtime.report import Report
from visrec_cli.stages.split import strategies
from visrec_cli.tables.time import are_positions, read_times

_ONE_ORDER = 0.9  # positions per row: with fewer they are counted anew for each user


def codes_of(table: pa.Table, way: SplitSpec, features: pa.Table | None, report: Report) -> strategies.Codes:
    """(rows,) the part (its place in strategies.PARTS) or the fold of each row.

    table: as ``open_interactions`` gives it. features: the items, where ``way`` groups them. Raises InputError for a
    log without the times that are asked for.
    """
    if way.by in TIMED and "timestamp" not in table.column_names:
        raise InputError(f"--by {way.by} needs a log with times", fix="name the column with --time-column")
    shares = strategies.Shares(way.test_size, way.validation)
    if way.by == "global-time":
        return _by_moments(table, way, shares)
    users, items = (table[name].combine_chunks().dictionary_encode() for name in ("user_id", "item_id"))
    u, i = (side.indices.to_numpy().astype(np.int64) for side in (users, items))
    user_lots, item_lots = (lots_of(side.dictionary.to_pylist(), way.seed) for side in (users, items))
    groups = groups_of(items.dictionary.to_pylist(), features, way.group)
    if way.group is not None:
        alike = int((np.bincount(groups)[groups] > 1).sum())
        report.count(f"items alike by {way.group}", alike)
        if not alike:
            report.warn(f"no two items of the log share a '{way.group}': --group has no effect")
    if way.by in ("cold-item", "cold-user"):
        rows, groups, lots = (
            (i, groups, item_lots) if way.by == "cold-item" else (u, np.arange(len(user_lots)), user_lots)
        )
        return (
            strategies.whole_folds(groups, way.folds, lots) if way.folds else strategies.whole(groups, shares, lots)
        )[rows]
    lots = lots_of_pairs(user_lots[u], item_lots[groups[i]])
    times = table["timestamp"].cast(pa.int64()).to_numpy() if way.by in TIMED else None
    if times is not None and way.group is None:  # each row for itself
        codes, few = strategies.within_users(u, shares, (table["weight"].to_numpy(), lots, times))
    else:  # what a user did with an item, or with its twins, stays together
        _, first, unit = np.unique(u * len(groups) + groups[i], return_index=True, return_inverse=True)
        if way.folds:
            return strategies.folds_within_users(u[first], way.folds, lots[first], user_lots)[unit]
        keys = [lots[first]]
        if times is not None:
            latest = np.full(len(first), np.iinfo(np.int64).min)
            np.maximum.at(latest, unit, times)
            keys.append(latest)
        codes, few = strategies.within_users(u[first], shares, keys)
        codes = codes[unit]
    if few:
        report.count("users with too little to split, wholly in train", few)
    return codes


def _by_moments(table: pa.Table, way: SplitSpec, shares: strategies.Shares) -> strategies.Codes:
    times = table["timestamp"].cast(pa.int64()).to_numpy()
    numbered = are_positions(times)
    if way.cut is None:
        if numbered and len(np.unique(times)) < _ONE_ORDER * len(times):
            raise InputError(
                f"--by global-time needs one order of all events, and the log numbers those of each user separately "
                f"({len(np.unique(times)):,} positions for {len(times):,} rows)",
                fix="--by time or --by last, or name a column of times with --time-column",
            )
        return strategies.by_time(times, *strategies.moments(times, shares))
    cuts = sorted(_moment(word.strip(), way.cut, numbered) for word in way.cut.split(","))
    if len(cuts) > 2:
        raise UsageError(f"--cut {way.cut} is not one or two times", fix="--cut 2020-09-15")
    return strategies.by_time(times, cuts[-1], cuts[0] if len(cuts) == 2 else None)


def _moment(word: str, cut: str, numbered: bool) -> int:
    """One moment of --cut in milliseconds, or a position where the log has these."""
    read = read_times(pa.chunked_array([pa.array([word], pa.string())]), name=cut, where="--cut")
    if read.null_count:
        raise UsageError(f"--cut {cut} is not one or two times", fix="--cut 2020-09-15")
    if are_positions(read) != numbered:
        is_a, has = ("a date", "positions: an order, and no dates") if numbered else ("a position", "times")
        fix = (
            "--cut N, the position from which rows are for test"
            if numbered
            else "a moment within the log: --cut 2020-09-15"
        )
        raise UsageError(f"--cut {word} is {is_a}, and the log has {has}", fix=fix)
    return int(read.cast(pa.int64())[0].as_py())
